//! The two checksums of a segment (v5 §2.1).

/// The CRC-24 register before the first byte.
const CRC24_INIT: u32 = 0x87_5060;

/// The polynomial, with its top bit, of the CRC-24: as far as a header reaches (64 bits), it
/// notices every change of up to seven bits.
const CRC24_POLYNOMIAL: u32 = 0x197_4F0B;

/// CRC-32 of the four bytes `FA 2D 55 CA`, which servers feed before every payload. The
/// specification does not mention them.
const CRC32_OF_SEED: u32 = 0x4477_7ED3;

/// What each value of the register's top byte does to the rest.
const CRC24_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    let mut top = 0_u32;
    while index < table.len() {
        let mut register = top << 16;
        let mut bit = 0;
        while bit < 8 {
            register <<= 1;
            if register & 0x100_0000 != 0 {
                register ^= CRC24_POLYNOMIAL;
            }
            bit += 1;
        }
        table[index] = register;
        index += 1;
        top += 1;
    }
    table
};

/// The checksum of a segment's header, 24 bits, most significant bit first.
pub(super) fn crc24(header: &[u8]) -> u32 {
    header.iter().fold(CRC24_INIT, |register, byte| {
        let [_, top, ..] = register.to_be_bytes();
        let entry = CRC24_TABLE.get(usize::from(top ^ byte)).copied().unwrap_or_default();
        ((register << 8) & 0xFF_FFFF) ^ entry
    })
}

/// The checksum of a segment's payload as it is on the wire, compressed or not.
pub(super) fn crc32(payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(CRC32_OF_SEED);
    hasher.update(payload);
    hasher.finalize()
}
