//! Addresses with their passwords taken out, to be shown.

const MASK: &str = "***";
/// Query parameters of a database's address that are passwords.
const SECRET_PARAMETERS: &[&str] = &["password", "sslpassword"];

/// The address without the password in front of its host and without passwords among its parameters. Rather too much is
/// masked than too little: a password that was not percent-encoded may hold any character.
pub fn masked(url: &str) -> String {
    let url = mask_user(url);
    let Some((address, query)) = url.split_once('?') else { return url };
    let parameters: Vec<String> = query.split('&').map(mask_parameter).collect();
    format!("{address}?{}", parameters.join("&"))
}

/// Everything up to the last `@` is taken for the user and its password.
fn mask_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let Some((user, host)) = rest.rsplit_once('@') else { return url.to_owned() };
    let is_name = |name: &str| name.chars().all(|c| c.is_alphanumeric() || "_-.%".contains(c));
    let shown = match user.split_once(':') {
        None if is_name(user) => user.to_owned(),
        Some((name, _)) if is_name(name) => format!("{name}:{MASK}"),
        None | Some(_) => MASK.to_owned(),
    };
    format!("{scheme}://{shown}@{host}")
}

fn mask_parameter(parameter: &str) -> String {
    match parameter.split_once('=') {
        Some((name, _)) if SECRET_PARAMETERS.contains(&name.to_lowercase().as_str()) => format!("{name}={MASK}"),
        _ => parameter.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_never_shown() {
        for (url, shown) in [
            ("postgres://ann:s3cret@db:5432/books", "postgres://ann:***@db:5432/books"),
            ("postgres://ann:s3@cr/et@db/books?sslmode=require", "postgres://ann:***@db/books?sslmode=require"),
            ("postgres://db/books?user=ann&password=s3cret", "postgres://db/books?user=ann&password=***"),
            ("postgres://ann:s3?cr&et@db/books", "postgres://ann:***@db/books"),
            ("postgres://db/books?user=ann&password=s3@cret", "postgres://***@cret"),
            ("postgres://ann@db/books", "postgres://ann@db/books"),
            ("sqlite://data/batchbook.db?mode=rwc", "sqlite://data/batchbook.db?mode=rwc"),
            ("sqlite::memory:", "sqlite::memory:"),
        ] {
            assert_eq!(masked(url), shown);
        }
    }
}
