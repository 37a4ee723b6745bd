//! A `tower` layer that puts the token on requests.

use std::error::Error;
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response, StatusCode};
use tower_layer::Layer;
use tower_service::Service;

use crate::{Token, TokenSource};

/// Puts `Authorization: Bearer …` on every request, and on a 401 throws the token away and sends once more with a new
/// one where the body can be sent again.
///
/// It puts the token on whatever comes through: use it with a client that speaks to the one resource server.
pub struct BearerLayer<B> {
    source: TokenSource,
    again: fn(&B) -> Option<B>,
}

impl<B> BearerLayer<B> {
    /// A layer for bodies that can be cloned; each is, before it is sent.
    #[must_use]
    pub const fn new(source: TokenSource) -> Self
    where
        B: Clone,
    {
        Self::with(source, |body| Some(body.clone()))
    }

    /// A layer that asks a function for a second copy of each body; without one, a 401 goes to the caller.
    #[must_use]
    pub const fn with(source: TokenSource, again: fn(&B) -> Option<B>) -> Self {
        Self { source, again }
    }
}

impl<B> Clone for BearerLayer<B> {
    fn clone(&self) -> Self {
        Self {
            source: self.source.clone(),
            again: self.again,
        }
    }
}

impl<B> fmt::Debug for BearerLayer<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerLayer")
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl<S, B> Layer<S> for BearerLayer<B> {
    type Service = BearerService<S, B>;

    fn layer(&self, inner: S) -> Self::Service {
        BearerService {
            inner,
            layer: self.clone(),
        }
    }
}

/// The service of [`BearerLayer`].
pub struct BearerService<S, B> {
    inner: S,
    layer: BearerLayer<B>,
}

impl<S: Clone, B> Clone for BearerService<S, B> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            layer: self.layer.clone(),
        }
    }
}

impl<S: fmt::Debug, B> fmt::Debug for BearerService<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BearerService")
            .field("inner", &self.inner)
            .field("layer", &self.layer)
            .finish()
    }
}

impl<S, B, R> Service<Request<B>> for BearerService<S, B>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Error: Into<Box<dyn Error + Send + Sync>>,
    S::Future: Send,
    B: Send + 'static,
    R: Send + 'static,
{
    type Response = Response<R>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context).map_err(Into::into)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let BearerLayer { source, again } = self.layer.clone();
        // The one that said it is ready goes along; the clone is asked anew.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (parts, body) = (request_parts(&request), again(request.body()));
        Box::pin(async move {
            let token = source.token().await?;
            authorize(&mut request, &token)?;
            let response = inner.call(request).await.map_err(Into::into)?;
            if response.status() != StatusCode::UNAUTHORIZED {
                return Ok(response);
            }
            source.invalidate(&token);
            let Some(body) = body else {
                return Ok(response);
            };
            drop(response);
            let mut request = parts.map(|()| body);
            let token = source.token().await?;
            authorize(&mut request, &token)?;
            poll_fn(|context| inner.poll_ready(context))
                .await
                .map_err(Into::into)?;
            let response = inner.call(request).await.map_err(Into::into)?;
            if response.status() == StatusCode::UNAUTHORIZED {
                source.invalidate(&token);
            }
            Ok(response)
        })
    }
}

fn request_parts<B>(request: &Request<B>) -> Request<()> {
    let mut copy = Request::new(());
    copy.method_mut().clone_from(request.method());
    copy.uri_mut().clone_from(request.uri());
    *copy.version_mut() = request.version();
    copy.headers_mut().clone_from(request.headers());
    copy.extensions_mut().clone_from(request.extensions());
    copy
}

fn authorize<B>(
    request: &mut Request<B>,
    token: &Token,
) -> Result<(), http::header::InvalidHeaderValue> {
    let mut value = HeaderValue::from_str(&format!("Bearer {}", token.access_token().expose()))?;
    value.set_sensitive(true);
    request.headers_mut().insert(AUTHORIZATION, value);
    Ok(())
}
