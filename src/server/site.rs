//! The browser half: where its files are, how long they may be kept, and what Leptos must know about them.

use std::convert::Infallible;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{self, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use leptos::config::{LeptosOptions, get_configuration};
use tower::ServiceExt;
use tower_http::services::ServeDir;

use super::config::Config;

const OPTIONS_FILE: &str = "Leptos.toml";
const OUTPUT_NAME: &str = "batchbook";
const SITE_ROOT: &str = "target/site";

/// Names of files that change with their content are kept for a year; others are asked after each time, which costs a 304.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// Leptos' options: from `Leptos.toml` in the working directory, if it is there, else what the program was built with. Address
/// and folder follow our configuration.
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

/// Files of the browser half, in the form that is sent: compressed beforehand where the browser takes it.
#[derive(Clone, Debug)]
pub struct Files {
    folder: ServeDir,
    /// Path under which every name holds a hash of the content.
    hashed: Option<String>,
}

impl Files {
    pub fn of(options: &LeptosOptions) -> Self {
        let folder = ServeDir::new(&*options.site_root).append_index_html_on_directories(false).precompressed_br().precompressed_gzip();
        let hashed = options.hash_files.then(|| format!("/{}/", options.site_pkg_dir.trim_matches('/')));
        Self { folder, hashed }
    }

    /// The file at the request's path; `None` when there is none, with the request for whoever answers it instead.
    pub async fn find(&self, request: Request) -> Result<Response, Request> {
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return Err(request);
        }
        let (parts, body) = request.into_parts();
        let found: Result<_, Infallible> = self.folder.clone().oneshot(Request::from_parts(parts.clone(), Body::empty())).await;
        let Ok(response) = found;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(Request::from_parts(parts, body));
        }
        let is_hashed = self.hashed.as_deref().is_some_and(|prefix| parts.uri.path().starts_with(prefix));
        let mut response = response.into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, if is_hashed { IMMUTABLE } else { ASK_EACH_TIME });
        Ok(response)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(hash_files: bool) -> (tempfile::TempDir, Files) {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("pkg")).unwrap();
        std::fs::write(root.path().join("pkg/app.js"), "1").unwrap();
        std::fs::write(root.path().join("favicon.ico"), "2").unwrap();
        let mut options = LeptosOptions::builder().output_name("app").site_root(root.path().display().to_string()).build();
        options.hash_files = hash_files;
        (root, Files::of(&options))
    }

    async fn get(files: &Files, path: &str) -> Option<Response> {
        files.find(Request::get(path).body(Body::empty()).unwrap()).await.ok()
    }

    #[tokio::test]
    async fn only_names_with_a_hash_are_kept_without_asking() {
        let (_root, hashed) = files(true);
        assert_eq!(get(&hashed, "/pkg/app.js").await.unwrap().headers()[header::CACHE_CONTROL], IMMUTABLE);
        assert_eq!(get(&hashed, "/favicon.ico").await.unwrap().headers()[header::CACHE_CONTROL], ASK_EACH_TIME);
        let (_root, plain) = files(false);
        let response = get(&plain, "/pkg/app.js").await.unwrap();
        assert_eq!(response.headers()[header::CACHE_CONTROL], ASK_EACH_TIME);
        assert!(response.headers().contains_key(header::LAST_MODIFIED), "so that asking costs a 304");
    }

    #[tokio::test]
    async fn what_is_no_file_is_left_to_others() {
        let (_root, files) = files(false);
        for path in ["/", "/pkg", "/admin/batches", "/../Cargo.toml", "/%2e%2e/Cargo.toml"] {
            assert!(get(&files, path).await.is_none(), "{path}");
        }
        let post = Request::post("/favicon.ico").body(Body::empty()).unwrap();
        assert!(files.find(post).await.is_err());
    }
}
