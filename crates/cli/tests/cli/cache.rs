//! `--cache`: tokens between runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use jwt_bearer::assertion::{Clock, SystemClock};
use jwt_bearer_sandbox::{Fault, Running};
use serde_json::{Value, json};

use crate::bad_input::first_error;
use crate::server::{BOX, SECRET, boxed, call, salesforce, start};
use crate::settings::box_config;
use crate::support::Folder;

fn folder() -> Folder {
    let folder = Folder::with_keys(["rsa.pem"]);
    folder.write("secret.txt", SECRET);
    folder
}

fn cached(server: &Running) -> String {
    let endpoint = server.token_endpoint();
    format!("{BOX} --token-endpoint {endpoint} --cache --user 7654321")
}

/// The files with this end of the name in the folder of `--cache`, by name.
fn files(folder: &Folder, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder.cache()).unwrap();
    let mut paths: Vec<_> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    paths.sort();
    paths
}

/// The one file with a token in it.
#[track_caller]
fn file(folder: &Folder) -> PathBuf {
    let [path] = &files(folder, "json")[..] else {
        panic!("{:?}", files(folder, "json"));
    };
    path.clone()
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

#[test]
fn the_second_run_sends_nothing() {
    let (folder, server) = (folder(), start(boxed()));
    let first = folder.run(&cached(&server)).token();
    assert_eq!(folder.run(&cached(&server)).token(), first);
    assert_eq!(server.requests().len(), 1);
    assert!(call(&server, &first).contains("\"7654321\""));
    // Without the flag it is as if there were none.
    let another = folder.run(&cached(&server).replace(" --cache", "")).token();
    assert_ne!(another, first);
    assert_eq!(folder.run(&cached(&server)).token(), first);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn nothing_is_needed_that_only_a_request_needs() {
    let (folder, server) = (folder(), start(boxed()));
    let first = folder.run(&cached(&server)).token();
    fs::remove_file(folder.path("rsa.pem")).unwrap();
    fs::remove_file(folder.path("secret.txt")).unwrap();
    assert_eq!(folder.run(&cached(&server)).token(), first);
}

#[cfg(unix)]
#[test]
fn the_folder_and_its_files_are_the_users_alone() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, server) = (folder(), start(boxed()));
    folder.run(&cached(&server)).token();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&folder.cache()), 0o700);
    assert_eq!(mode(folder.cache().parent().unwrap()), 0o700);
    let entries: Vec<_> = fs::read_dir(folder.cache()).unwrap().collect();
    assert_eq!(entries.len(), 2, "the token and the lock: {entries:?}");
    for entry in entries {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[test]
fn a_file_holds_the_reply_and_no_other_secret() {
    let (folder, server) = (folder(), start(boxed()));
    let token = folder.run(&cached(&server)).token();
    let kept = json(&file(&folder));
    let names: Vec<_> = kept.as_object().unwrap().keys().collect();
    assert_eq!(names, ["expires_at", "kept_at", "reply"]);
    assert_eq!(kept["reply"]["access_token"], token.as_str());

    let request = server.requests().remove(0);
    let assertion = request.parameter("assertion").unwrap();
    let pem = fs::read_to_string(folder.path("rsa.pem")).unwrap();
    let secrets = [
        SECRET,
        &assertion,
        assertion.rsplit('.').next().unwrap(),
        pem.lines().nth(1).unwrap(),
        "PRIVATE KEY",
    ];
    for entry in fs::read_dir(folder.cache()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap() + path.to_str().unwrap();
        for secret in secrets {
            assert!(
                secret.len() > 10 && !text.contains(secret),
                "{}",
                path.display()
            );
        }
    }
}

#[test]
fn other_settings_have_another_file() {
    let (folder, server) = (folder(), start(boxed()));
    let user = cached(&server);
    let runs = [
        user.clone(),
        user.replace("--user 7654321", "--enterprise 1234567"),
        format!("{user} --scope item_preview"),
    ];
    let tokens: Vec<_> = runs.iter().map(|run| folder.run(run).token()).collect();
    assert_eq!(server.requests().len(), 3);
    assert_eq!(files(&folder, "json").len(), 3);
    assert!(call(&server, &tokens[1]).contains("\"1234567\""));
    for (run, token) in runs.iter().zip(tokens) {
        assert_eq!(folder.run(run).token(), token);
    }
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn another_box_file_of_the_same_name_has_another_file() {
    let folder = folder();
    let server = start(boxed().enterprise("7"));
    let config = box_config(None);
    let arguments = format!(
        "token --box-config box.json --key rsa.pem --cache --token-endpoint {}",
        server.token_endpoint()
    );
    for enterprise in ["1234567", "7"] {
        folder.write("box.json", config.replace("1234567", enterprise));
        let token = folder.run(&arguments).token();
        assert!(
            call(&server, &token).contains(&format!("\"{enterprise}\"")),
            "{enterprise}"
        );
    }
}

#[test]
fn fifty_runs_at_once_make_one_exchange() {
    let (folder, server) = (folder(), start(boxed()));
    server.inject(Fault::delay(Duration::from_secs(2)));
    let children: Vec<_> = (0..50)
        .map(|_| {
            folder
                .process(&cached(&server))
                .stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    let tokens: Vec<_> = children
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
            assert_eq!(output.status.code(), Some(0));
            String::from_utf8(output.stdout).unwrap()
        })
        .collect();
    assert_eq!(server.requests().len(), 1);
    assert!(call(&server, tokens[0].trim_end()).contains("\"7654321\""));
    assert!(tokens.iter().all(|token| *token == tokens[0]));
}

#[test]
fn a_damaged_file_is_set_aside_and_replaced() {
    let (folder, server) = (folder(), start(boxed()));
    let token = folder.run(&cached(&server)).token();
    let path = file(&folder);
    let whole = fs::read_to_string(&path).unwrap();
    for damaged in [
        "",
        &whole[..whole.len() / 2],
        "\u{0}\u{1b}[31m",
        "[]",
        r#"{"kept_at":0,"expires_at":99999999999}"#,
        r#"{"kept_at":0,"expires_at":99999999999,"reply":{"access_token":7}}"#,
        r#"{"kept_at":0,"expires_at":99999999999,"reply":{"access_token":"T\r\nX: y"}}"#,
        r#"{"kept_at":0,"expires_at":"later","reply":{"access_token":"T"}}"#,
    ] {
        fs::write(&path, damaged).unwrap();
        let requests = server.requests().len();
        let run = folder.run(&cached(&server));
        let aside = path.with_extension("damaged");
        assert_eq!(
            run.stderr,
            format!(
                "a damaged file of --cache was set aside: {}\n",
                aside.display()
            )
        );
        assert_eq!(fs::read_to_string(&aside).unwrap(), damaged);
        let new = run.success();
        assert_ne!(new.trim_end(), token);
        assert_eq!(server.requests().len(), requests + 1);
        assert_eq!(folder.run(&cached(&server)).token(), new.trim_end());
        assert_eq!(server.requests().len(), requests + 1);
    }
}

#[test]
fn a_token_that_is_over_is_not_used() {
    let (folder, server) = (folder(), start(boxed()));
    let first = folder.run(&cached(&server)).token();
    let path = file(&folder);
    let mut kept = json(&path);
    kept["expires_at"] = json!(1_000_000_000);
    fs::write(&path, kept.to_string()).unwrap();
    let second = folder.run(&cached(&server)).token();
    assert_ne!(second, first);
    assert_eq!(server.requests().len(), 2);
    assert_eq!(folder.run(&cached(&server)).token(), second);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_token_of_a_later_time_is_not_used() {
    let (folder, server) = (folder(), start(boxed()));
    let first = folder.run(&cached(&server)).token();
    let path = file(&folder);
    let mut kept = json(&path);
    kept["kept_at"] = json!(99_999_999_999_u64);
    kept["expires_at"] = json!(99_999_999_999_u64);
    fs::write(&path, kept.to_string()).unwrap();
    assert_ne!(folder.run(&cached(&server)).token(), first);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_fresh_token_replaces_the_kept_one() {
    let (folder, server) = (folder(), start(boxed()));
    let first = folder.run(&cached(&server)).token();
    let fresh = folder.run(&format!("{} --fresh", cached(&server))).token();
    assert_ne!(fresh, first);
    assert_eq!(folder.run(&cached(&server)).token(), fresh);
    assert_eq!(server.requests().len(), 2);
}

#[test]
fn a_revoked_token_is_forgotten() {
    let (folder, server) = (folder(), start(boxed()));
    let first = folder.run(&cached(&server)).token();
    let revoke = cached(&server).replacen("token", "revoke", 1);
    let revoked = |token: &str| {
        folder.command(&revoke).stdin(token).run().success();
        call(&server, token).starts_with("HTTP/1.1 401 ")
    };
    // Another token than the kept one.
    let other = folder.run(&cached(&server).replace(" --cache", "")).token();
    assert!(revoked(&other));
    assert_eq!(folder.run(&cached(&server)).token(), first);
    assert!(revoked(&first));
    let second = folder.run(&cached(&server)).token();
    assert!(call(&server, &second).starts_with("HTTP/1.1 200 "));
}

#[test]
fn how_a_request_is_sent_makes_no_other_file() {
    let (folder, server) = (folder(), start(boxed()));
    let first = folder.run(&cached(&server)).token();
    for flags in ["--no-retry", "--timeout 7", "--output token"] {
        let arguments = format!("{} {flags}", cached(&server));
        assert_eq!(folder.run(&arguments).token(), first, "{flags}");
    }
    assert_eq!(files(&folder, "json").len(), 1);
}

#[test]
fn a_run_that_never_ends_does_not_hold_up_the_others() {
    let (folder, server) = (folder(), start(boxed()));
    let arguments = format!("{} --timeout 1", cached(&server));
    folder.run(&arguments).token();
    let [lock] = &files(&folder, "lock")[..] else {
        panic!("{:?}", files(&folder, "lock"));
    };
    let lock = fs::File::open(lock).unwrap();
    lock.lock().unwrap();
    // What is kept is read without the lock.
    folder.run(&arguments).token();
    assert_eq!(server.requests().len(), 1);
    fs::remove_file(file(&folder)).unwrap();
    let run = folder.run(&arguments);
    assert_eq!(
        run.stderr,
        "another run holds the kept token for too long; going on without it\n"
    );
    let token = run.success();
    assert!(call(&server, token.trim_end()).contains("\"7654321\""));
    drop(lock);
}

#[test]
fn a_token_is_kept_until_a_minute_before_its_end() {
    let folder = folder();
    let now = || {
        let now = SystemClock.now().duration_since(UNIX_EPOCH);
        now.unwrap().as_secs()
    };
    for (life, used) in [(600, 540), (60, 30), (0, 0), (1 << 63, (1 << 63) - 60)] {
        let server = start(boxed().token_lifetime(Duration::from_secs(life)));
        let before = now();
        folder.run(&cached(&server)).token();
        let after = now();
        let [path] = &files(&folder, "json")[..] else {
            panic!("{life}");
        };
        let expires_at = json(path)["expires_at"].as_u64().unwrap();
        assert!(
            (before + used..=after + used).contains(&expires_at),
            "{life}"
        );
        fs::remove_dir_all(folder.cache()).unwrap();
    }
}

#[test]
fn a_refusal_is_not_kept() {
    let (folder, server) = (folder(), start(boxed()));
    let arguments = cached(&server);
    folder.run(&arguments.replace("7654321", "7")).failure(4);
    assert_eq!(files(&folder, "json"), Vec::<PathBuf>::new());
    server.inject(Fault::status(503));
    folder.run(&arguments).failure(5);
    assert_eq!(files(&folder, "json"), Vec::<PathBuf>::new());
    folder.run(&arguments).token();
    assert_eq!(files(&folder, "json").len(), 1);
}

#[test]
fn a_profile_or_a_variable_can_ask_for_it() {
    let (folder, server) = (folder(), start(boxed()));
    let profile = format!(
        "provider = 'box'\nissuer = 'app'\nuser = '7654321'\nkey = 'rsa.pem'\nkey-id = 'key-1'\n\
         client-secret-file = 'secret.txt'\ntoken-endpoint = '{}'\n",
        server.token_endpoint()
    );
    folder.write(
        "jwt-bearer.toml",
        format!("[profiles.kept]\ncache = true\n{profile}\n[profiles.bare]\n{profile}"),
    );
    let first = folder.run("token kept").success();
    assert_eq!(folder.run("token kept").success(), first);
    assert_eq!(server.requests().len(), 1);
    // Settings and not names count.
    assert_eq!(folder.run("token bare --cache").success(), first);
    let by_variable = folder.command("token bare").env("JWT_BEARER_CACHE", "true");
    assert_eq!(by_variable.run().success(), first);
    assert_eq!(server.requests().len(), 1);
    let switched_off = folder.command("token kept").env("JWT_BEARER_CACHE", "0");
    assert_ne!(switched_off.run().success(), first);
    assert_ne!(folder.run("token bare").success(), first);
    assert_eq!(server.requests().len(), 3);
}

#[test]
fn without_a_folder_it_fails() {
    let (folder, server) = (folder(), start(boxed()));
    let run = |cache: Option<&str>, home: Option<&str>| {
        let mut command = folder.command(&cached(&server));
        for (name, value) in [("XDG_CACHE_HOME", cache), ("HOME", home)] {
            command = match value {
                Some(value) => command.env(name, value),
                None => command.without(name),
            };
        }
        command.run()
    };
    let expected = "there is no folder for --cache; set XDG_CACHE_HOME or HOME to an absolute path";
    for (cache, home) in [(None, None), (Some("cache"), Some("")), (Some(""), None)] {
        assert_eq!(first_error(&run(cache, home).failure(2)), expected);
    }
    let taken = folder.path("secret.txt");
    let stderr = run(Some(taken.to_str().unwrap()), None).failure(1);
    let error = stderr.lines().last().unwrap();
    assert!(
        error.starts_with(&format!(
            "error: the file for --cache, {}/jwt-bearer/",
            taken.display()
        )) && error.contains(", cannot be used: "),
        "{stderr}"
    );
    assert_eq!(server.requests().len(), 0);
    let home = folder.path("");
    run(None, home.to_str()).token();
    assert!(folder.path(".cache/jwt-bearer").is_dir());
}

#[test]
fn each_output_is_as_without() {
    let (folder, server) = (folder(), start(salesforce()));
    let arguments = format!(
        "token --provider salesforce --issuer consumer --subject ann@example.com --key rsa.pem --cache \
         --token-endpoint {}",
        server.token_endpoint()
    );
    let output = |form: &str| folder.run(&format!("{arguments} --output {form}"));
    let whole = output("json").success();
    let reply: Value = serde_json::from_str(&whole).unwrap();
    let token = reply["access_token"].as_str().unwrap();
    for (form, expected) in [
        ("token", format!("{token}\n")),
        ("header", format!("Authorization: Bearer {token}\n")),
        (
            "env",
            format!(
                "export ACCESS_TOKEN='{token}'\nexport INSTANCE_URL='{}'\n",
                server.url()
            ),
        ),
        ("json", whole),
    ] {
        let run = output(form);
        assert_eq!(run.stderr, "");
        assert_eq!(run.success(), expected);
    }
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn verbose_shows_no_secret() {
    let (folder, server) = (folder(), start(boxed()));
    for requests in ["> POST ", ""] {
        let run = folder.run(&format!("{} -v", cached(&server)));
        let assertion = server.requests()[0].parameter("assertion").unwrap();
        for secret in [SECRET, &assertion, run.stdout.trim_end()] {
            assert!(
                secret.len() > 10 && !run.stderr.contains(secret),
                "{}",
                run.stderr
            );
        }
        assert_eq!(run.stderr.is_empty(), requests.is_empty());
        assert!(run.stderr.starts_with(requests), "{}", run.stderr);
        run.success();
    }
}
