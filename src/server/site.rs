//! The browser half: where its files are, how long they may be kept, and what Leptos must know about them.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderValue};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use leptos::config::{LeptosOptions, get_configuration};
use sha2::{Digest, Sha256};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::config::Config;

const OPTIONS_FILE: &str = "Leptos.toml";
const OUTPUT_NAME: &str = "batchbook";
const SITE_ROOT: &str = "target/site";

/// What is asked for under the hash of its content is kept for a year; the rest is asked after each time, which costs a 304.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// Leptos' options: from `Leptos.toml` in the working directory, if it is there, else what the program was built with. Address
/// and folder follow our configuration, and pages ask for what was built under the hash of its content: a new release has new
/// addresses, so that browsers keep files and never mix them.
pub fn options(config: &Config) -> anyhow::Result<LeptosOptions> {
    let mut options = if Path::new(OPTIONS_FILE).exists() {
        get_configuration(Some(OPTIONS_FILE))?.leptos_options
    } else {
        LeptosOptions::builder().output_name(OUTPUT_NAME).site_root(SITE_ROOT).build()
    };
    options.site_addr = config.site_addr;
    let root = config.site_root.clone().or_else(|| find_root(Path::new(&*options.site_root)));
    if let Some(root) = root.filter(|root| root.is_dir()) {
        options.site_root = root.display().to_string().into();
        if let Ok(hash) = hash_of(&root.join(&*options.site_pkg_dir)) {
            options.site_pkg_dir = format!("{}/{hash}", options.site_pkg_dir).into();
        }
    } else {
        tracing::warn!(
            "The browser half was not found in {}: pages work, without what moves. Build it with `make build`, or set LEPTOS_SITE_ROOT.",
            options.site_root
        );
    }
    Ok(options)
}

/// The folder that is configured, or one beside the program: a copied release has `site/` next to it.
fn find_root(configured: &Path) -> Option<PathBuf> {
    let program = std::env::current_exe().ok();
    let folder = program.as_deref().and_then(Path::parent);
    let beside = folder.into_iter().flat_map(|folder| [folder.join("site"), folder.join("../site")]);
    std::iter::once(configured.to_owned()).chain(beside).find(|root| root.is_dir())
}

/// A hash of the files of a folder, names and contents.
fn hash_of(folder: &Path) -> io::Result<String> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    paths.sort();
    let mut hash = Sha256::new();
    for path in paths.iter().filter(|path| path.is_file()) {
        let content = std::fs::read(path)?;
        hash.update(path.file_name().unwrap_or_default().as_encoded_bytes());
        hash.update(content.len().to_le_bytes());
        hash.update(content);
    }
    let hash = hash.finalize().iter().take(8).fold(0_u64, |bits, byte| bits << 8 | u64::from(*byte));
    Ok(format!("{hash:016x}"))
}

/// Files of the browser half, in the form that is sent: compressed beforehand where the browser takes it.
#[derive(Clone, Debug)]
pub struct Files {
    folder: ServeDir,
    /// What was built: `/pkg/`, and the hash under which pages ask for it.
    built: String,
    hash: String,
}

impl Files {
    pub fn of(options: &LeptosOptions) -> Self {
        let folder = ServeDir::new(&*options.site_root).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
        let (built, hash) = options.site_pkg_dir.rsplit_once('/').unwrap_or((&*options.site_pkg_dir, ""));
        Self { folder, built: format!("/{built}/"), hash: hash.to_owned() }
    }

    /// The file at the request's path; `None` when there is none, with the request for whoever answers it instead.
    pub async fn find(&self, request: Request) -> Result<Response, Request> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(request);
        }
        let (parts, body) = request.into_parts();
        let mut asked = Request::from_parts(parts.clone(), Body::empty());
        let hashed = parts.uri.path().strip_prefix(&self.built).and_then(|path| path.split_once('/'));
        // Under another hash, that of a page from before an update, the file is what it is now, and is not kept.
        if let Some((_, file)) = hashed
            && let Ok(path) = Uri::try_from(format!("{}{file}", self.built))
        {
            *asked.uri_mut() = path;
        }
        let found: Result<_, Infallible> = self.folder.clone().oneshot(asked).await;
        let Ok(response) = found;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(Request::from_parts(parts, body));
        }
        let keep = if hashed.is_some_and(|(hash, _)| hash == self.hash) { IMMUTABLE } else { ASK_EACH_TIME };
        let mut response = response.into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, keep);
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site() -> (tempfile::TempDir, Files, String) {
        let root = tempfile::tempdir().unwrap();
        let built = root.path().join("pkg");
        std::fs::create_dir(&built).unwrap();
        std::fs::write(built.join("app.js"), "1").unwrap();
        std::fs::write(root.path().join("favicon.ico"), "2").unwrap();
        let hash = hash_of(&built).unwrap();
        let mut options = LeptosOptions::builder().output_name("app").site_root(root.path().display().to_string()).build();
        options.site_pkg_dir = format!("pkg/{hash}").into();
        (root, Files::of(&options), hash)
    }

    async fn get(files: &Files, path: &str) -> Option<Response> {
        files.find(Request::get(path).body(Body::empty()).unwrap()).await.ok()
    }

    #[tokio::test]
    async fn only_what_is_asked_for_by_its_hash_is_kept_without_asking() {
        let (_root, files, hash) = site();
        let kept = |path: String| {
            let files = files.clone();
            async move { get(&files, &path).await.map(|response| response.headers()[header::CACHE_CONTROL].clone()) }
        };
        assert_eq!(kept(format!("/pkg/{hash}/app.js")).await, Some(IMMUTABLE));
        assert_eq!(kept("/pkg/0123456789abcdef/app.js".to_owned()).await, Some(ASK_EACH_TIME));
        assert_eq!(kept("/pkg/app.js".to_owned()).await, Some(ASK_EACH_TIME));
        assert_eq!(kept("/favicon.ico".to_owned()).await, Some(ASK_EACH_TIME));
        let response = get(&files, "/pkg/app.js").await.unwrap();
        assert!(response.headers().contains_key(header::LAST_MODIFIED), "so that asking costs a 304");
    }

    #[test]
    fn other_content_and_other_names_have_another_hash() {
        let (root, _files, hash) = site();
        let built = root.path().join("pkg");
        assert_eq!(hash_of(&built).unwrap(), hash);
        std::fs::write(built.join("app.js"), "2").unwrap();
        let changed = hash_of(&built).unwrap();
        std::fs::rename(built.join("app.js"), built.join("app.css")).unwrap();
        let renamed = hash_of(&built).unwrap();
        assert!(hash != changed && changed != renamed && hash.len() == 16, "{hash}, {changed}, {renamed}");
    }

    #[tokio::test]
    async fn what_is_no_file_is_left_to_others() {
        let (_root, files, hash) = site();
        let under_hash = format!("/pkg/{hash}/");
        for path in
            ["/", "/pkg", "/pkg/", &under_hash, "/pkg/x/../../favicon.ico", "/admin/batches", "/../Cargo.toml", "/%2e%2e/Cargo.toml"]
        {
            assert!(get(&files, path).await.is_none(), "{path}");
        }
        let post = Request::post("/favicon.ico").body(Body::empty()).unwrap();
        assert!(files.find(post).await.is_err());
    }
}
