//! Where credentials come from. What a test asks for is served by itself, to a process that has the address in its
//! environment.

use std::convert::Infallible;
use std::path::PathBuf;
use std::time::Duration;

use jwt_bearer_signer::{SignError, SignErrorKind};
use jwt_bearer_signer_aws_kms::AwsKmsKey;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::{again, inside, source};

const STATIC: &str = "aws_access_key_id = AKIDBASE\naws_secret_access_key = secret\n";

/// What is asked for besides AWS KMS: the credentials.
#[derive(Clone, Copy)]
struct Given {
    status: u16,
    body: &'static str,
}

const NOTHING: Given = Given {
    status: 500,
    body: "",
};

/// Answers the calls to AWS KMS with a refusal, and all others with what is given.
async fn serve(listener: TcpListener, given: Given, requests: &mut Vec<String>) -> Infallible {
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let request = read(&mut stream).await;
        let (status, body) = if request.contains("TrentService.GetPublicKey") {
            let body = r#"{"__type":"NotFoundException","message":"from the server"}"#;
            (400, body)
        } else {
            (given.status, given.body)
        };
        requests.push(request);
        let reply = format!(
            "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(reply.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
    }
}

async fn read(stream: &mut TcpStream) -> String {
    let mut octets = Vec::new();
    loop {
        assert_ne!(stream.read_buf(&mut octets).await.unwrap(), 0);
        let text = String::from_utf8_lossy(&octets);
        let Some((head, body)) = text.split_once("\r\n\r\n") else {
            continue;
        };
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            return text.into_owned();
        }
    }
}

/// The requests that come in while the test runs again with these variables, in which `URL` is the server's.
async fn requests(test: &'static str, given: Given, variables: &[(&str, &str)]) -> Vec<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.replace("URL", &url)))
        .collect();
    variables.push(("AWS_ENDPOINT_URL_KMS".into(), url.clone()));
    variables.push(("AWS_REGION".into(), "eu-central-1".into()));
    let process = tokio::task::spawn_blocking(move || {
        let variables: Vec<_> = variables.iter().map(|(n, v)| (&**n, &**v)).collect();
        again(&format!("sources::{test}"), &variables);
    });
    let mut requests = Vec::new();
    tokio::select! {
        never = serve(listener, given, &mut requests) => match never {},
        ended = process => ended.unwrap(),
    }
    requests
}

async fn open() -> SignError {
    let key = AwsKmsKey::new("alias/box").attempt_timeout(Duration::from_secs(20));
    let opening = tokio::time::timeout(Duration::from_secs(30), key.open());
    opening.await.unwrap().unwrap_err()
}

/// Credentials were had, and the call got to the server.
async fn reaches_kms() {
    let error = open().await;
    let text = source(&error);
    assert_eq!(error.kind(), SignErrorKind::KeyNotFound, "{text}");
    assert!(text.contains("from the server"), "{text}");
}

async fn is_for_now() {
    let error = open().await;
    let text = source(&error);
    assert_eq!(error.kind(), SignErrorKind::Unavailable, "{text}");
    assert!(error.is_retryable());
    let start = "the AWS credentials cannot be fetched for now: ";
    assert!(text.starts_with(start), "{text}");
}

/// The call to AWS KMS is signed with this access key, and with this session token if there is one.
fn signed_with(request: &str, access_key: &str, token: Option<&str>) {
    assert!(request.contains("TrentService.GetPublicKey"), "{request}");
    let signed = format!("authorization: AWS4-HMAC-SHA256 Credential={access_key}/");
    assert!(request.contains(&signed), "{request}");
    let sent = request
        .lines()
        .find_map(|line| line.strip_prefix("x-amz-security-token: "));
    assert_eq!(sent, token, "{request}");
}

fn written(test: &str, name: &str, text: &str) -> String {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&directory).unwrap();
    let path = directory.join(name);
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_named_profile() {
    if inside() {
        return reaches_kms().await;
    }
    let test = "a_named_profile";
    let text = format!(
        "[default]\n{}[box]\n{STATIC}",
        STATIC.replace("BASE", "OTHER")
    );
    let file = written(test, "credentials", &text);
    let variables = [
        ("AWS_PROFILE", "box"),
        ("AWS_SHARED_CREDENTIALS_FILE", &*file),
    ];
    let requests = requests(test, NOTHING, &variables).await;
    assert_eq!(requests.len(), 1);
    signed_with(&requests[0], "AKIDBASE", None);
}

#[cfg(unix)]
#[tokio::test]
async fn a_process() {
    if inside() {
        return reaches_kms().await;
    }
    let test = "a_process";
    let json = r#"{"Version": 1, "AccessKeyId": "ASIAPROCESS", "SecretAccessKey": "secret", "SessionToken": "token-p", "Expiration": "2099-01-01T00:00:00Z"}"#;
    let script = written(test, "script", &format!("echo '{json}'\n"));
    let text = format!("[profile box]\ncredential_process = sh \"{script}\"\n");
    let file = written(test, "config", &text);
    let variables = [("AWS_PROFILE", "box"), ("AWS_CONFIG_FILE", &*file)];
    let requests = requests(test, NOTHING, &variables).await;
    assert_eq!(requests.len(), 1);
    signed_with(&requests[0], "ASIAPROCESS", Some("token-p"));
}

#[tokio::test]
async fn a_container() {
    if inside() {
        return reaches_kms().await;
    }
    let given = Given {
        status: 200,
        body: r#"{"AccessKeyId": "ASIACONTAINER", "SecretAccessKey": "secret", "Token": "token-c", "Expiration": "2099-01-01T00:00:00Z"}"#,
    };
    let variables = [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "URL/box"),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "let-me-in"),
    ];
    let requests = requests("a_container", given, &variables).await;
    assert_eq!(requests.len(), 2);
    assert!(requests[0].starts_with("GET /box "), "{}", requests[0]);
    assert!(requests[0].contains("authorization: let-me-in"));
    signed_with(&requests[1], "ASIACONTAINER", Some("token-c"));
}

#[tokio::test]
async fn a_container_that_fails_is_unavailable() {
    if inside() {
        return is_for_now().await;
    }
    let given = Given {
        status: 503,
        body: "",
    };
    let test = "a_container_that_fails_is_unavailable";
    let variables = [("AWS_CONTAINER_CREDENTIALS_FULL_URI", "URL/box")];
    let requests = requests(test, given, &variables).await;
    assert!(!requests.is_empty());
    assert!(requests.iter().all(|one| one.starts_with("GET /box ")));
}

const ASSUMED: Given = Given {
    status: 200,
    body: "<AssumeRoleResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><AssumeRoleResult>\
        <Credentials><AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>\
        <SessionToken>token-r</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>\
        </AssumeRoleResult></AssumeRoleResponse>",
};
const ROLE: &str = "arn:aws:iam::111122223333:role/box";

fn role(test: &str) -> String {
    let text = format!(
        "[profile box]\nrole_arn = {ROLE}\nsource_profile = base\n[profile base]\n{STATIC}"
    );
    written(test, "config", &text)
}

#[tokio::test]
async fn a_role_to_assume() {
    if inside() {
        return reaches_kms().await;
    }
    let test = "a_role_to_assume";
    let file = role(test);
    let variables = [
        ("AWS_PROFILE", "box"),
        ("AWS_CONFIG_FILE", &*file),
        ("AWS_ENDPOINT_URL_STS", "URL"),
    ];
    let requests = requests(test, ASSUMED, &variables).await;
    assert_eq!(requests.len(), 2);
    assert!(
        requests[0].contains("Action=AssumeRole&"),
        "{}",
        requests[0]
    );
    assert!(requests[0].contains("RoleArn=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fbox"));
    assert!(requests[0].contains("Credential=AKIDBASE/"));
    signed_with(&requests[1], "ASIAROLE", Some("token-r"));
}

#[tokio::test]
async fn an_sts_that_fails_is_unavailable() {
    if inside() {
        return is_for_now().await;
    }
    let given = Given {
        status: 503,
        body: "",
    };
    let test = "an_sts_that_fails_is_unavailable";
    let file = role(test);
    let variables = [
        ("AWS_PROFILE", "box"),
        ("AWS_CONFIG_FILE", &*file),
        ("AWS_ENDPOINT_URL_STS", "URL"),
        ("AWS_MAX_ATTEMPTS", "1"),
    ];
    let requests = requests(test, given, &variables).await;
    assert!(!requests.is_empty());
    assert!(
        requests
            .iter()
            .all(|one| one.contains("Action=AssumeRole&"))
    );
}

#[tokio::test]
async fn a_web_identity() {
    if inside() {
        return reaches_kms().await;
    }
    let given = Given {
        status: 200,
        body: "<AssumeRoleWithWebIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
            <AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAWEB</AccessKeyId>\
            <SecretAccessKey>secret</SecretAccessKey><SessionToken>token-w</SessionToken>\
            <Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>\
            </AssumeRoleWithWebIdentityResponse>",
    };
    let test = "a_web_identity";
    let file = written(test, "token", "identity-of-box");
    let variables = [
        ("AWS_WEB_IDENTITY_TOKEN_FILE", &*file),
        ("AWS_ROLE_ARN", ROLE),
        ("AWS_ENDPOINT_URL_STS", "URL"),
    ];
    let requests = requests(test, given, &variables).await;
    assert_eq!(requests.len(), 2);
    assert!(requests[0].contains("Action=AssumeRoleWithWebIdentity&"));
    assert!(requests[0].contains("WebIdentityToken=identity-of-box"));
    signed_with(&requests[1], "ASIAWEB", Some("token-w"));
}

#[tokio::test]
async fn an_instance_whose_metadata_service_fails_is_unavailable() {
    if inside() {
        return is_for_now().await;
    }
    let test = "an_instance_whose_metadata_service_fails_is_unavailable";
    let variables = [
        ("AWS_EC2_METADATA_DISABLED", "false"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "URL"),
    ];
    let requests = requests(test, NOTHING, &variables).await;
    assert!(!requests.is_empty());
    let token = "PUT /latest/api/token ";
    assert!(requests.iter().all(|one| one.starts_with(token)));
}
