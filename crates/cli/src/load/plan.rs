//! What a load is about, before anything is sent: its table, its input, where it goes on, and the statements.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use cqlwire::Session;

use super::args::Args;
use super::input::{Content, Record, Records, Skipped, Source};
use super::ledger::Mark;
use super::mapping::Mapping;
use super::progress::{Progress, named};
use super::rejected::RejectedLines;
use super::row::{Lane, Rows};
use super::sending::Sending;
use crate::exit::Failure;
use crate::transfer::{FileFormat, Format, Target, say};

/// See the [module](self).
pub(super) struct Plan {
    pub(super) records: Records,
    /// How long the input is, if that is known.
    pub(super) input_bytes: Option<u64>,
    pub(super) rows: Rows,
    pub(super) statements: Vec<(Lane, Sending)>,
    pub(super) progress: Progress,
    pub(super) rejected: RejectedLines,
    pub(super) progress_file: Option<PathBuf>,
    pub(super) rejected_file: Option<PathBuf>,
    pub(super) max_rejected: u64,
    pub(super) is_dry_run: bool,
}

impl Plan {
    /// Finds the table, opens the files, and has the statements prepared.
    pub(super) async fn new(session: &Session, args: &Args) -> Result<Self, Failure> {
        let target = Target::find(session, &args.table).await?;
        // What nobody writes has no progress.
        let progress_file = args.progress.clone().filter(|_| !args.dry_run);
        let before = match &progress_file {
            Some(path) => Progress::read(path, &target.name())?,
            None => None,
        };
        let mut progress = before.unwrap_or_else(|| Progress::at_start(target.name()));
        let is_known = progress.goes_on_in(args.rejected.as_deref().map(named).transpose()?);
        // Standard input may keep whoever reads it waiting.
        let input = tokio::task::block_in_place(|| Input::open(args, progress.mark))?;
        let Input { mut records, format, header, raw_header, bytes } = input;
        let mapping = Mapping::new(args, format, &target, header.as_deref())?;
        if format == Format::Csv && mapping.fields.len() == 1 {
            records.keep_empty_lines();
        }
        if args.columns.is_empty()
            && let Some(said) = mapping.passed_over()
        {
            say(&said);
        }
        let statements = statements(session, args, &target, &mapping).await?;
        let markers = |lane| {
            let mut of_lane = statements.iter().filter(|(known, _)| *known == lane);
            of_lane.next().map(|(_, sending)| sending.prepared.bind_markers())
        };
        let rows = Rows {
            row_markers: markers(Lane::Row),
            static_markers: markers(Lane::Static),
            mapping,
            target,
            null: args.dialect.null.clone(),
            null_as: args.null_as,
            timestamp_unit: args.timestamp_unit,
            is_silent: AtomicBool::new(!args.columns.is_empty()),
        };
        let rejected = RejectedLines::open(
            args.rejected.as_deref(),
            progress.rejected(),
            is_known,
            raw_header,
        )?;
        Ok(Self {
            records,
            input_bytes: bytes,
            rows,
            statements,
            progress,
            rejected,
            progress_file,
            rejected_file: args.rejected.clone(),
            max_rejected: args.max_rejected,
            is_dry_run: args.dry_run,
        })
    }
}

async fn statements(
    session: &Session,
    args: &Args,
    target: &Target,
    mapping: &Mapping,
) -> Result<Vec<(Lane, Sending)>, Failure> {
    let texts = [
        mapping.row_statement(args, target).map(|text| (Lane::Row, text)),
        mapping.static_statement(args, target).map(|text| (Lane::Static, text)),
    ];
    let mut statements = Vec::new();
    for (lane, text) in texts.into_iter().flatten() {
        let prepared = session.prepare(&text).await?;
        let is_idempotent = mapping.is_idempotent(target);
        let (target, concurrency, retry_for) = (target.clone(), args.concurrency, args.retry_for);
        let sending = Sending { prepared, target, is_idempotent, concurrency, retry_for };
        statements.push((lane, sending));
    }
    Ok(statements)
}

/// The input behind its header, and behind what was read of it before.
struct Input {
    records: Records,
    format: Format,
    header: Option<Vec<String>>,
    raw_header: Vec<u8>,
    bytes: Option<u64>,
}

impl Input {
    fn open(args: &Args, mark: Mark) -> Result<Self, Failure> {
        let file = (args.file != Path::new("-")).then_some(&*args.file);
        let format = match FileFormat::of(args.format.map(FileFormat::Lines), &args.file) {
            FileFormat::Lines(format) => format,
            FileFormat::Parquet => {
                return Err(Failure::usage("a load reads CSV and JSON lines, and no Parquet"));
            }
        };
        let start = Mark { bytes: 0, line: 1, crc: 0 };
        let failed = |error: std::io::Error| {
            Failure::refused(format_args!("{}: {error}", args.file.display()))
        };
        let too_short = || {
            Failure::usage(format_args!(
                "{} has less than the {} bytes that were read of it before",
                args.file.display(),
                mark.bytes
            ))
        };
        let opened = file.map(File::open).transpose().map_err(failed)?;
        let bytes = opened.as_ref().and_then(length);
        let source: Source = match opened {
            Some(file) => Box::new(file),
            None => Box::new(std::io::stdin()),
        };
        let (dialect, longest) = (&args.dialect, args.max_line_bytes);
        let mut records = Records::new(source, start, format, dialect, args.escape, longest);
        let (header, raw_header) = match format == Format::Csv && !args.dialect.no_header {
            true => read_header(&mut records)?,
            false => (None, Vec::new()),
        };
        if bytes.is_some_and(|bytes| bytes < mark.bytes) {
            return Err(too_short());
        }
        // What was read before is read again: it says whether the input is the same.
        match (mark != start).then(|| records.skip_to(mark)).transpose()? {
            None | Some(Skipped::There) => {}
            Some(Skipped::TooShort) => return Err(too_short()),
            Some(Skipped::Another) => return Err(another(args)),
        }
        Ok(Self { records, format, header, raw_header, bytes })
    }
}

fn another(args: &Args) -> Failure {
    let progress = args.progress.as_deref().unwrap_or_else(|| Path::new("-"));
    Failure::usage(format_args!(
        "{} is not the input that this progress is of; remove {} to begin anew",
        args.file.display(),
        progress.display()
    ))
}

/// That of a file; pipes and terminals have none.
fn length(file: &File) -> Option<u64> {
    file.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len())
}

fn read_header(records: &mut Records) -> Result<(Option<Vec<String>>, Vec<u8>), Failure> {
    let Some(Record { line, content }) = records.first()? else {
        return Err(Failure::refused("the input is empty: there is no header (--no-header)"));
    };
    match content {
        Content::Fields(fields) => {
            let names = fields.into_iter().map(|field| field.text.trim().to_owned()).collect();
            Ok((Some(names), line.raw))
        }
        Content::Malformed(fault) => Err(Failure::refused(format_args!("the header: {fault}"))),
        Content::TooLong(long) => Err(Failure::refused(format_args!("the header: {long}"))),
        Content::NotText | Content::Json(_) => Err(Failure::refused("the header is not UTF-8")),
    }
}
