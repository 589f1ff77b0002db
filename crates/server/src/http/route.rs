//! One row of the table of routes.

use std::{pin::Pin, sync::Arc};

use axum::{extract::Request, handler::Handler, http::Method, response::Response};
use chatroom_wire::{rest::PREFIX, schema::Schemas};
use schemars::JsonSchema;
use serde_json::Value;

use super::{
    access::{Callers, wants_bearer},
    parameters::Parameter,
};
use crate::service::Service;

/// Makes the schema of a body, or a reference to it.
pub(crate) type SchemaOf = fn(&mut Schemas) -> Value;

type Run = Box<dyn Fn(Request, Arc<Service>) -> Pin<Box<dyn Future<Output = Response> + Send>> + Send + Sync>;

/// One call of the API: what the router, the check of tokens and the description of the API are made from.
pub(crate) struct Route {
    pub(crate) method: Method,
    /// The whole path, ids as `{id}`.
    pub(crate) path: String,
    /// The name of the call, one of a kind.
    pub(crate) name: &'static str,
    /// What it does, in one line.
    pub(crate) summary: &'static str,
    /// More about it, where that is needed.
    pub(crate) details: &'static str,
    /// The family it belongs to.
    pub(crate) tag: &'static str,
    pub(crate) callers: Callers,
    pub(crate) query: Vec<Parameter>,
    pub(crate) takes: Takes,
    pub(crate) gives: Option<SchemaOf>,
    /// Whether the bytes of its answer are shared by all who ask, so that they take no memory of their own.
    pub(super) is_shared: bool,
    /// The statuses of refusals that don't follow from all the rest.
    own_refusals: &'static [u16],
    run: Run,
}

/// What a call wants in its body.
#[derive(Debug, Clone)]
pub(crate) enum Takes {
    /// Nothing; what is there is not read.
    Nothing,
    /// A JSON object.
    Json { schema: SchemaOf, example: Value },
    /// Lines of plain text.
    Text { example: &'static str },
}

impl Route {
    /// A row for a call under the prefix that all calls share.
    pub(crate) fn api<H, T>(method: Method, path: &str, name: &'static str, callers: Callers, handler: H) -> Self
    where
        H: Handler<T, Arc<Service>> + Sync,
        T: 'static,
    {
        Self::at(method, format!("{PREFIX}{path}"), name, callers, handler)
    }

    /// A row for a call anywhere.
    pub(crate) fn at<H, T>(method: Method, path: String, name: &'static str, callers: Callers, handler: H) -> Self
    where
        H: Handler<T, Arc<Service>> + Sync,
        T: 'static,
    {
        Self {
            method,
            path,
            name,
            summary: "",
            details: "",
            tag: "",
            callers,
            query: Vec::new(),
            takes: Takes::Nothing,
            gives: None,
            is_shared: false,
            own_refusals: &[],
            run: Box::new(move |request, service| Box::pin(handler.clone().call(request, service))),
        }
    }

    pub(crate) fn says(self, summary: &'static str) -> Self {
        Self { summary, ..self }
    }

    pub(crate) fn explains(self, details: &'static str) -> Self {
        Self { details, ..self }
    }

    pub(crate) fn tagged(self, tag: &'static str) -> Self {
        Self { tag, ..self }
    }

    pub(crate) fn asks(self, query: Vec<Parameter>) -> Self {
        Self { query, ..self }
    }

    pub(crate) fn takes<T: JsonSchema>(self, example: Value) -> Self {
        Self { takes: Takes::Json { schema: Schemas::request::<T>, example }, ..self }
    }

    pub(crate) fn takes_text(self, example: &'static str) -> Self {
        Self { takes: Takes::Text { example }, ..self }
    }

    pub(crate) fn gives<T: JsonSchema>(self) -> Self {
        Self { gives: Some(Schemas::answer::<T>), ..self }
    }

    pub(crate) fn shared(self) -> Self {
        Self { is_shared: true, ..self }
    }

    pub(crate) fn refuses(self, own_refusals: &'static [u16]) -> Self {
        Self { own_refusals, ..self }
    }

    /// Every status of a refusal that the call may be answered with.
    pub(crate) fn refusals(&self) -> Vec<u16> {
        // What a room's state or the store can't give passes.
        let mut statuses = vec![429, 500, 503];
        if wants_bearer(self.callers) {
            statuses.extend([401, 403]);
        }
        if !self.query.is_empty() || self.path.contains('{') {
            statuses.push(400);
        }
        match self.takes {
            Takes::Nothing => {}
            Takes::Json { .. } | Takes::Text { .. } => statuses.extend([400, 408, 413, 415]),
        }
        statuses.extend(self.own_refusals);
        statuses.sort_unstable();
        statuses.dedup();
        statuses
    }

    /// Answers a request that is allowed.
    pub(super) async fn run(&self, request: Request, service: Arc<Service>) -> Response {
        (self.run)(request, service).await
    }
}
