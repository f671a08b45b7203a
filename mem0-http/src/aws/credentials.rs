//! Where the credentials and the region come from.
//!
//! After "Standardized credential providers" and "Shared config and
//! credentials files" of the AWS SDKs and Tools Reference Guide. What needs a
//! call of its own (SSO, roles to assume, instance metadata) is not asked.

use std::path::{Path, PathBuf};

use mem0_core::{Error, ErrorKind, Result, Secret};

use crate::env::variable;

/// What requests are signed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// Says whose key it is; travels with each request.
    pub access_key_id: String,
    /// Signs; never travels.
    pub secret_access_key: Secret,
    /// Goes with credentials that end by themselves.
    pub session_token: Option<Secret>,
}

/// What the configuration says about credentials.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// Only together with the next.
    pub access_key_id: Option<&'a Secret>,
    /// Only together with the one before.
    pub secret_access_key: Option<&'a Secret>,
    /// For credentials that end by themselves.
    pub session_token: Option<&'a Secret>,
    /// A profile of the shared credentials file.
    pub profile: Option<&'a str>,
}

impl Credentials {
    /// The configured key; else the configured profile; else the key in
    /// `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`;
    /// else the profile `AWS_PROFILE`, or `default`, of the shared credentials
    /// file (`AWS_SHARED_CREDENTIALS_FILE`, or `~/.aws/credentials`).
    ///
    /// # Errors
    /// `Config` for half a key; `Unauthenticated` that says where was looked.
    pub fn find(given: Given<'_>) -> Result<Self> {
        find(given, &variable)
    }
}

/// The configured region, else `AWS_REGION`, else `AWS_DEFAULT_REGION`.
///
/// # Errors
/// `Config` that says so, if there is none or if it cannot be part of a host
/// name.
pub fn region(configured: Option<&str>) -> Result<String> {
    choose_region(configured, &variable)
}

type Variables<'a> = &'a dyn Fn(&str) -> Option<String>;

fn find(given: Given<'_>, variables: Variables<'_>) -> Result<Credentials> {
    match (given.access_key_id, given.secret_access_key) {
        (Some(id), Some(secret)) => {
            return Ok(Credentials {
                access_key_id: id.expose().to_owned(),
                secret_access_key: secret.clone(),
                session_token: given.session_token.cloned(),
            });
        }
        (None, None) => {}
        _ => return Err(Error::config("set both `aws_access_key_id` and `aws_secret_access_key`, or neither")),
    }
    if let Some(profile) = given.profile {
        return from_file(profile, variables);
    }
    match (variables("AWS_ACCESS_KEY_ID"), variables("AWS_SECRET_ACCESS_KEY")) {
        (Some(access_key_id), Some(secret)) => Ok(Credentials {
            access_key_id,
            secret_access_key: Secret::new(secret),
            session_token: variables("AWS_SESSION_TOKEN").map(Secret::new),
        }),
        _ => from_file(&variables("AWS_PROFILE").unwrap_or_else(|| "default".to_owned()), variables),
    }
}

fn from_file(profile: &str, variables: Variables<'_>) -> Result<Credentials> {
    let missing = || {
        let message = "there are no AWS credentials: set `aws_access_key_id` and `aws_secret_access_key`, the variables \
                       AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile of the shared credentials file";
        Error::new(ErrorKind::Unauthenticated, message).with_context("profile", profile)
    };
    let home = || variables("HOME").or_else(|| variables("USERPROFILE")).map(|home| default_file(&home));
    let file = variables("AWS_SHARED_CREDENTIALS_FILE").map(PathBuf::from).or_else(home).ok_or_else(missing)?;
    let text = std::fs::read_to_string(&file).map_err(|e| missing().with_source(e.kind().to_string()))?;
    profile_in(&text, profile).ok_or_else(missing)
}

fn default_file(home: &str) -> PathBuf {
    Path::new(home).join(".aws").join("credentials")
}

/// The profile in a file of `[profile]` sections with `key = value` lines.
fn profile_in(text: &str, profile: &str) -> Option<Credentials> {
    let (mut inside, mut id, mut secret, mut token) = (false, None, None, None);
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            inside = name.trim() == profile;
        } else if let (true, Some((key, value))) = (inside, line.split_once('=')) {
            let value = value.trim().to_owned();
            match key.trim() {
                "aws_access_key_id" => id = Some(value),
                "aws_secret_access_key" => secret = Some(value),
                "aws_session_token" => token = Some(value),
                _ => {}
            }
        }
    }
    Some(Credentials {
        access_key_id: id?,
        secret_access_key: Secret::new(secret?),
        session_token: token.map(Secret::new),
    })
}

fn choose_region(configured: Option<&str>, variables: Variables<'_>) -> Result<String> {
    let found = configured.map(str::to_owned).or_else(|| variables("AWS_REGION"));
    let region = found.or_else(|| variables("AWS_DEFAULT_REGION"));
    let region =
        region.ok_or_else(|| Error::config("there is no region: set `aws_region` or the variable AWS_REGION"))?;
    let plain = !region.is_empty() && region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if plain { Ok(region) } else { Err(Error::config("`aws_region` is not the name of a region, as in us-east-1")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "# mine\n[default]\naws_access_key_id = AKDEFAULT\naws_secret_access_key=hush-default\n\n\
                        [ work ]\naws_access_key_id=AKWORK\naws_secret_access_key = hush=work\n\
                        aws_session_token = hush-token\nregion = eu-west-1\n[half]\naws_access_key_id = AKHALF\n";

    fn ids(given: Given<'_>, variables: &[(&str, &str)]) -> Result<(String, String, Option<String>)> {
        let look =
            |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        let found = find(given, &look)?;
        let token = found.session_token.as_ref().map(|token| token.expose().to_owned());
        Ok((found.access_key_id, found.secret_access_key.expose().to_owned(), token))
    }

    fn found(id: &str, secret: &str, token: Option<&str>) -> (String, String, Option<String>) {
        (id.to_owned(), secret.to_owned(), token.map(str::to_owned))
    }

    #[test]
    fn credentials_are_looked_for_in_order() {
        let file = std::env::temp_dir().join(format!("mem0-aws-{}", std::process::id()));
        std::fs::write(&file, FILE).unwrap();
        let path = file.to_str().unwrap();
        let (id, secret, token) = (Secret::new("AKGIVEN"), Secret::new("hush-given"), Secret::new("t"));
        let given = Given {
            access_key_id: Some(&id),
            secret_access_key: Some(&secret),
            session_token: Some(&token),
            profile: Some("work"),
        };
        let env = [
            ("AWS_ACCESS_KEY_ID", "AKENV"),
            ("AWS_SECRET_ACCESS_KEY", "hush-env"),
            ("AWS_SESSION_TOKEN", "hush-env-token"),
            ("AWS_SHARED_CREDENTIALS_FILE", path),
        ];
        let only_file = [("AWS_SHARED_CREDENTIALS_FILE", path)];
        let other_profile = [("AWS_SHARED_CREDENTIALS_FILE", path), ("AWS_PROFILE", "work")];
        let work = Given { profile: Some("work"), ..Given::default() };
        let none = Given::default();
        let answers =
            [ids(given, &env), ids(work, &env), ids(none, &env), ids(none, &only_file), ids(none, &other_profile)];
        let half = ids(Given { profile: Some("half"), ..Given::default() }, &only_file);
        let absent = ids(Given { profile: Some("absent"), ..Given::default() }, &only_file);
        std::fs::remove_file(&file).unwrap();
        let expected = [
            found("AKGIVEN", "hush-given", Some("t")),
            found("AKWORK", "hush=work", Some("hush-token")),
            found("AKENV", "hush-env", Some("hush-env-token")),
            found("AKDEFAULT", "hush-default", None),
            found("AKWORK", "hush=work", Some("hush-token")),
        ];
        assert_eq!(answers.map(Result::unwrap), expected);
        assert_eq!(half.unwrap_err().kind(), ErrorKind::Unauthenticated);
        assert_eq!(absent.unwrap_err().kind(), ErrorKind::Unauthenticated);
        assert_eq!(ids(none, &[]).unwrap_err().kind(), ErrorKind::Unauthenticated);
        let lonely = Given { access_key_id: Some(&id), ..Given::default() };
        assert_eq!(ids(lonely, &env).unwrap_err().kind(), ErrorKind::Config);
    }

    #[test]
    fn the_default_file_is_below_the_home_folder() {
        assert_eq!(default_file("/home/ana"), Path::new("/home/ana/.aws/credentials"));
    }

    #[test]
    fn the_region_is_looked_for_in_order() {
        let both = |name: &str| match name {
            "AWS_REGION" => Some("eu-west-1".to_owned()),
            "AWS_DEFAULT_REGION" => Some("eu-west-2".to_owned()),
            _ => None,
        };
        let fallback = |name: &str| (name == "AWS_DEFAULT_REGION").then(|| "eu-west-2".to_owned());
        assert_eq!(choose_region(Some("us-east-1"), &both).unwrap(), "us-east-1");
        assert_eq!(choose_region(None, &both).unwrap(), "eu-west-1");
        assert_eq!(choose_region(None, &fallback).unwrap(), "eu-west-2");
        assert_eq!(choose_region(None, &|_| None).unwrap_err().kind(), ErrorKind::Config);
        for odd in ["", "evil.example/", "US EAST"] {
            assert_eq!(choose_region(Some(odd), &both).unwrap_err().kind(), ErrorKind::Config, "{odd}");
        }
    }

    #[test]
    fn nothing_secret_is_shown() {
        let shown = format!("{:?}", profile_in(FILE, "work").unwrap());
        assert!(shown.contains("AKWORK") && !shown.contains("hush"), "{shown}");
    }
}
