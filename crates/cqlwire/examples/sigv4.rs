//! Signatures in place of passwords: AWS Signature Version 4, as Amazon Keyspaces takes it.
//!
//! The server gives a nonce, and gets a signature over it: the secret key itself is never sent, so that
//! whoever reads along can do nothing with what he reads. Credentials that expire are asked for at each
//! connection.
//!
//! The server is played by a scripted node which knows the secret key too, so that the program runs
//! anywhere: `cargo run -p cqlwire --example sigv4`.
#![allow(clippy::print_stdout, reason = "it talks to whoever runs it")]

use std::error::Error;
use std::fmt::Write;
use std::time::{Duration, SystemTime};

use cqlwire::secrecy::{ExposeSecret, SecretSlice, SecretString};
use cqlwire::{
    Authenticating, AuthenticationError, AuthenticationRequest, Authenticator, Exchange,
    NotAnswered, Session,
};
use cqlwire_testkit::node::{ScriptedNode, Verdict};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use ring::{digest, hmac};

/// The class that Amazon Keyspaces names.
const CLASS: &str = "com.amazon.helenus.auth.HelenusAuthenticator";

/// What asks for a nonce.
const FIRST_TOKEN: &[u8] = b"SigV4\0\0";

const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Who asks, for a while.
#[derive(Clone, Debug)]
struct Credentials {
    access_key: String,
    secret_key: SecretString,
    /// Of credentials that expire.
    session_token: Option<String>,
}

impl Credentials {
    /// The answer to this nonce, at this time.
    fn answer(&self, nonce: &str, region: &str, at: SystemTime) -> String {
        let time = humantime::format_rfc3339_millis(at).to_string();
        let signature = self.signature(nonce, region, &time);
        let session_token =
            self.session_token.iter().map(|token| format!(",session_token={token}"));
        let session_token: String = session_token.collect();
        format!(
            "signature={signature},access_key={},amzdate={time}{session_token}",
            self.access_key
        )
    }

    /// Signed is a request which is never made: that is how the service has it.
    fn signature(&self, nonce: &str, region: &str, time: &str) -> String {
        let date: String = time.chars().take(10).filter(char::is_ascii_digit).collect();
        let scope = format!("{date}/{region}/cassandra/aws4_request");
        let [credential, encoded_time] = [format!("{}/{scope}", self.access_key), time.to_owned()]
            .map(|text| utf8_percent_encode(&text, UNRESERVED).to_string());
        let request = format!(
            "PUT\n/authenticate\nX-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={credential}\
             &X-Amz-Date={encoded_time}&X-Amz-Expires=900\nhost:cassandra\n\nhost\n{}",
            hash(nonce)
        );
        let signed = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(&request));
        let secret = format!("AWS4{}", self.secret_key.expose_secret());
        let mut key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
        for part in [&date, region, "cassandra", "aws4_request"] {
            key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
        }
        hex(hmac::sign(&key, signed.as_bytes()).as_ref())
    }
}

fn hash(text: &str) -> String {
    hex(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// Signs with what it is given at each connection.
#[derive(Debug)]
struct SigV4 {
    region: &'static str,
}

impl SigV4 {
    /// Where a program asks for its role: here it always has the same.
    async fn credentials(&self) -> Result<Credentials, AuthenticationError> {
        Ok(credentials())
    }
}

impl Authenticator for SigV4 {
    fn begin<'a>(
        &'a self,
        request: AuthenticationRequest<'a>,
    ) -> Authenticating<'a, (SecretSlice<u8>, Box<dyn Exchange>)> {
        Box::pin(async move {
            if request.class != CLASS {
                return Err(NotAnswered(format!("{} takes no signatures", request.class)).into());
            }
            let exchange = Signing { credentials: self.credentials().await?, region: self.region };
            Ok((FIRST_TOKEN.to_vec().into(), Box::new(exchange) as Box<dyn Exchange>))
        })
    }

    /// It is good for this nonce alone.
    fn needs_encryption(&self) -> bool {
        false
    }
}

struct Signing {
    credentials: Credentials,
    region: &'static str,
}

impl Exchange for Signing {
    fn respond<'a>(
        &'a mut self,
        challenge: Option<&'a [u8]>,
    ) -> Authenticating<'a, SecretSlice<u8>> {
        Box::pin(async move {
            let challenge = std::str::from_utf8(challenge.unwrap_or_default())?;
            let nonce = challenge.split(',').find_map(|part| part.strip_prefix("nonce="));
            let nonce = nonce.ok_or("the server gives no nonce")?;
            let answer = self.credentials.answer(nonce, self.region, SystemTime::now());
            Ok(answer.into_bytes().into())
        })
    }
}

fn credentials() -> Credentials {
    let secret_key = SecretString::from("UserSecretKey-1");
    Credentials { access_key: "UserID-1".to_owned(), secret_key, session_token: None }
}

/// A server that knows the secret key, and so whether a signature is right.
async fn server(nonce: &'static str, region: &'static str) -> std::io::Result<ScriptedNode> {
    let node = ScriptedNode::builder().authenticator(CLASS, move |token| {
        if token == FIRST_TOKEN {
            return Verdict::Challenge(format!("nonce={nonce}").into_bytes());
        }
        let answer = String::from_utf8_lossy(token).into_owned();
        let time = answer.split(',').find_map(|part| part.strip_prefix("amzdate="));
        let time = time.and_then(|time| humantime::parse_rfc3339(time).ok());
        let expected = time.map(|time| credentials().answer(nonce, region, time));
        match expected.as_ref() == Some(&answer) {
            true => Verdict::Welcome,
            false => Verdict::Refuse("the signature is wrong".to_owned()),
        }
    });
    node.start_tcp().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let node = server("91703fdc2ef562e19fbdab0f58e42fe5", "us-west-2").await?;
    let session = |region| {
        let builder = Session::builder().contact_points(node.address().to_string());
        builder.authenticator(SigV4 { region }).connect()
    };
    let connected = session("us-west-2").await?;
    println!("connected by signatures: {} connections", node.accepted().len());
    connected.close(Duration::from_secs(1)).await;
    let refused = session("eu-north-1").await.err().ok_or("a wrong signature was taken")?;
    println!("signed for another region: {refused}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The service's own example: signatures of all of its clients are checked by it.
    #[test]
    fn a_signature_is_that_of_the_service() {
        let at = humantime::parse_rfc3339("2020-06-09T22:41:51Z").unwrap();
        let answer = credentials().answer("91703fdc2ef562e19fbdab0f58e42fe5", "us-west-2", at);
        assert_eq!(
            answer,
            "signature=7f3691c18a81b8ce7457699effbfae5b09b4e0714ab38c1292dbdf082c9ddd87,\
             access_key=UserID-1,amzdate=2020-06-09T22:41:51.000Z"
        );
    }

    #[test]
    fn it_connects_and_is_refused_where_the_signature_is_wrong() {
        main().unwrap();
    }
}
