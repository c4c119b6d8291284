//! The OpenAPI document: collected operation by operation, beside the router, so that neither can have what the other has
//! not.

use std::sync::Arc;

use axum::Json;
use axum::extract::Extension;
use axum::handler::Handler;
use axum::http::Method;
use axum::routing::{MethodFilter, on};
use utoipa::__dev::SchemaReferences;
use utoipa::openapi::path::{HttpMethod, Operation};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, Ref, RefOr,
    ResponseBuilder, Server,
};
use utoipa::{PartialSchema, Path, ToSchema};

use super::ROOT;
use super::error::Failed;
use crate::Front;
use crate::guard::visitor::Scope;
use crate::link::Base;
use crate::routes::Routes;
use crate::web::Web;

/// The router of the API, and what is written about it.
pub(super) struct Documented<F> {
    pub(super) routes: Routes<F>,
    pub(super) openapi: OpenApi,
}

impl<F: Front> Documented<F> {
    pub(super) fn new() -> Self {
        Self { routes: Routes::new(), openapi: blank() }
    }

    /// One more operation: `P` is what `utoipa::path` made of the handler's description.
    pub(super) fn on<P: Path + SchemaReferences, H: Handler<T, Web<F>>, T: 'static>(
        self,
        handler: H,
    ) -> Self {
        let Self { routes, mut openapi } = self;
        let (path, methods) = (P::path(), P::methods());
        let filter = methods.iter().map(filter).reduce(MethodFilter::or).expect("an operation has a method");
        let mut operation = with_failures(P::operation());
        let whole = format!("{ROOT}{path}");
        operation.security = methods.first().map(|method| security(method, &whole));
        openapi.paths.add_path_operation(whole, methods, operation);
        let mut schemas = Vec::new();
        P::schemas(&mut schemas);
        openapi.components.get_or_insert_default().schemas.extend(schemas);
        Self { routes: routes.route(&path, on(filter, handler)), openapi }
    }
}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}

/// Who may ask for it: everybody where there is no password, who has it, and who has a token of this scope.
fn security(method: &HttpMethod, path: &str) -> Vec<SecurityRequirement> {
    let method = match method {
        HttpMethod::Get | HttpMethod::Head | HttpMethod::Options | HttpMethod::Trace => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Delete => Method::DELETE,
        HttpMethod::Patch => Method::PATCH,
    };
    let none: [&str; 0] = [];
    vec![
        SecurityRequirement::default(),
        SecurityRequirement::new("password", none),
        SecurityRequirement::new("token", [Scope::needed(&method, path).name()]),
    ]
}

/// What is not as it should be is told in one shape everywhere, also by the guards.
fn with_failures(mut operation: Operation) -> Operation {
    let failed = RefOr::Ref(Ref::from_response_name("Failed"));
    operation.responses.responses.entry("default".into()).or_insert(failed);
    operation
}

/// The document before the first operation.
fn blank() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Bessemer")
        .version("1")
        .description(Some(
            "The JSON API of a Bessemer server: see what is going on, find jobs, act on them, push new ones. \
             `docs/api.md` is its guide.",
        ))
        .license(Some(LicenseBuilder::new().name("MIT OR Apache-2.0").build()));
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(Failed::name()))).build();
    let failed = ResponseBuilder::new()
        .description("What was wrong, in one sentence, and a word that programs may compare.")
        .content("application/json", content);
    let mut components = Components::new();
    let mut schemas = vec![(Failed::name().into_owned(), Failed::schema())];
    Failed::schemas(&mut schemas);
    components.schemas.extend(schemas);
    components.responses.insert("Failed".into(), failed.build().into());
    let basic = HttpBuilder::new()
        .scheme(HttpAuthScheme::Basic)
        .description(Some("Any name, with the password of the dashboard, where there is one."))
        .build();
    components.add_security_scheme("password", SecurityScheme::Http(basic));
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some(
            "A token, `bsm_…`, with the scope that the operation names: `read`, `push`, `operate` or `admin`. `admin` is all of \
             them. The password that only reads is good for what needs `read`.",
        ))
        .build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    OpenApiBuilder::new()
        .info(info.build())
        .servers(Some([Server::new("/")]))
        .components(Some(components))
        .build()
}

/// This document.
///
/// Its server is the one that answers, with its base path.
#[utoipa::path(
    get,
    path = "/openapi.json",
    operation_id = "openapi",
    tag = "server",
    responses((status = 200, description = "The document", body = serde_json::Value, content_type = "application/json")),
)]
pub(super) async fn show(base: Base, Extension(openapi): Extension<Arc<OpenApi>>) -> Json<OpenApi> {
    let mut openapi = OpenApi::clone(&openapi);
    if !base.0.is_empty() {
        openapi.servers = Some(vec![Server::new(&*base.0)]);
    }
    Json(openapi)
}
