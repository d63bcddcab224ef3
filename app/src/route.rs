//! Which address shows which page. Every page is rendered whole before the first byte leaves, so that its status code is
//! true and it reads without a script.

use leptos::prelude::*;
use leptos_meta::provide_meta_context;
use leptos_router::{
    SsrMode,
    components::{Route, Router, Routes},
    path,
};

use crate::{
    access::AccessPage,
    alert::AlertsPage,
    audit::AuditPage,
    backlog::BacklogPage,
    chronicle::ChroniclePage,
    connection::ConnectionsPage,
    dead_letter::DeadLettersPage,
    finding::FindingsPage,
    group::GroupPage,
    health::HealthPage,
    layout::Layout,
    overview::OverviewPage,
    part::NotFound,
    project::{ProjectPage, ProjectsPage},
    recovery::{JobPage, JobsPage},
    reference::ReferencePage,
    runbook::RunbookPage,
    sprint::{SprintPage, SprintsPage},
    stream::{StreamPage, StreamsPage},
    trace::{FindPage, TracePage},
};

/// Every page inside the layout.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <Layout>
                <Routes fallback=NotFound>
                    <Route path=path!("/") view=OverviewPage ssr=SsrMode::Async />
                    <Route path=path!("/streams") view=StreamsPage ssr=SsrMode::Async />
                    <Route path=path!("/streams/:stream") view=StreamPage ssr=SsrMode::Async />
                    <Route path=path!("/streams/:stream/groups/:group") view=GroupPage ssr=SsrMode::Async />
                    <Route path=path!("/dead-letters") view=DeadLettersPage ssr=SsrMode::Async />
                    <Route path=path!("/recovery") view=JobsPage ssr=SsrMode::Async />
                    <Route path=path!("/recovery/:job") view=JobPage ssr=SsrMode::Async />
                    <Route path=path!("/findings") view=FindingsPage ssr=SsrMode::Async />
                    <Route path=path!("/trace") view=FindPage ssr=SsrMode::Async />
                    <Route path=path!("/trace/:id") view=TracePage ssr=SsrMode::Async />
                    <Route path=path!("/alerts") view=AlertsPage ssr=SsrMode::Async />
                    <Route path=path!("/connections") view=ConnectionsPage ssr=SsrMode::Async />
                    <Route path=path!("/projects") view=ProjectsPage ssr=SsrMode::Async />
                    <Route path=path!("/projects/:project") view=ProjectPage ssr=SsrMode::Async />
                    <Route path=path!("/backlog") view=BacklogPage ssr=SsrMode::Async />
                    <Route path=path!("/sprints") view=SprintsPage ssr=SsrMode::Async />
                    <Route path=path!("/sprints/:sprint") view=SprintPage ssr=SsrMode::Async />
                    <Route path=path!("/chronicle") view=ChroniclePage ssr=SsrMode::Async />
                    <Route path=path!("/audit") view=AuditPage ssr=SsrMode::Async />
                    <Route path=path!("/access") view=AccessPage ssr=SsrMode::Async />
                    <Route path=path!("/status") view=HealthPage ssr=SsrMode::Async />
                    <Route path=path!("/runbooks/:name") view=RunbookPage ssr=SsrMode::Async />
                    <Route path=path!("/api") view=ReferencePage ssr=SsrMode::Async />
                </Routes>
            </Layout>
        </Router>
    }
}
