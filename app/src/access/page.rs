//! The page. Its tables are made from the guard's own table, so they cannot differ from what is enforced.

use console::Actor;
use domain::{Permission, Refusal, Status};
use leptos::prelude::*;

use super::meaning::meaning;
use crate::{
    address::{self, Parameters, with_query},
    context::{GuardRow, context},
    part::{Page, StatusWord, counted, number, refusal_page},
};

const PATH: &str = "/access";

#[component]
pub(crate) fn AccessPage() -> impl IntoView {
    let asked = Parameters::here().get("permission").filter(|word| !word.is_empty());
    let context = context();
    match chosen(asked.as_deref()) {
        Ok(chosen) => show(&context.actor(), &context.settings.guard, chosen),
        Err(refusal) => refusal_page(&refusal),
    }
}

fn chosen(word: Option<&str>) -> Result<Option<Permission>, Refusal> {
    let Some(word) = word else { return Ok(None) };
    let found = Permission::ALL.into_iter().find(|permission| permission.as_str() == word);
    found.map(Some).ok_or_else(|| Refusal::not_found(format!("there is no permission {word}")))
}

fn show(who: &Actor, guard: &[GuardRow], chosen: Option<Permission>) -> AnyView {
    let held = Permission::ALL.into_iter().filter(|permission| who.may(*permission)).count();
    let lede = format!("You are {}, and hold {held} of the {} permissions.", who.name(), Permission::ALL.len());
    let who_you_are = (who.name() == Actor::local().name()).then(|| {
        view! {
            <p class="prose">
                "There are no accounts yet: whoever reaches this program is the person at the machine. That is why it only "
                "listens on a loopback address, and refuses to start on any other. Put a proxy that signs people in before it."
            </p>
        }
    });
    let rows = Permission::ALL.map(|permission| permission_row(permission, who, guard, chosen));
    let rows = rows.into_iter().collect_view();
    let ways = ways_in(guard, chosen);
    view! {
        <Page title="Access" lede=lede.into_any()>
            {who_you_are}
            <section aria-labelledby="permissions-h">
                <div class="section-head">
                    <h2 id="permissions-h">"Permissions"</h2>
                </div>
                <div class="table-wrap">
                    <table class="table small permissions">
                        <thead>
                            <tr>
                                <th scope="col">"Permission"</th>
                                <th scope="col">"What it allows"</th>
                                <th scope="col" class="num">
                                    "Ways in"
                                </th>
                                <th scope="col">"You"</th>
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
            {ways}
        </Page>
    }
    .into_any()
}

fn permission_row(permission: Permission, who: &Actor, guard: &[GuardRow], chosen: Option<Permission>) -> AnyView {
    let word = permission.as_str();
    let ways = guard.iter().filter(|row| row.permission == Some(permission)).count();
    let (status, held) = if who.may(permission) { (Status::Ok, "Held") } else { (Status::Idle, "Not held") };
    view! {
        <tr id=word data-key=word aria-current=(chosen == Some(permission)).then_some("true")>
            <th scope="row" class="lead">
                <a class="mono" href=format!("{}#ways-h", with_query(&address::at(PATH), [("permission", Some(word.to_owned()))]))>
                    {word}
                </a>
            </th>
            <td class="sub">{meaning(permission)}</td>
            <td class="num" data-label="Ways in">
                {number(Some(ways as u64))}
            </td>
            <td data-label="You">
                <StatusWord status=status word=held />
            </td>
        </tr>
    }
    .into_any()
}

fn ways_in(guard: &[GuardRow], chosen: Option<Permission>) -> AnyView {
    let shown: Vec<&GuardRow> = guard.iter().filter(|row| chosen.is_none() || row.permission == chosen).collect();
    let all = chosen.map(|permission| {
        view! {
            <span class="end">
                {format!("only {} · ", permission.as_str())} <a href=format!("{}#ways-h", address::at(PATH))>"All"</a>
            </span>
        }
    });
    let surfaces = [("page", "Pages"), ("function", "Forms"), ("api", "HTTP API")]
        .map(|(surface, title)| surface_table(surface, title, &shown));
    view! {
        <section aria-labelledby="ways-h">
            <div class="section-head">
                <h2 id="ways-h">"Every way in"</h2>
                <span class="note">
                    {format!("{}. What is not listed is refused.", counted(shown.len() as u64, "way"))}
                </span>
                {all}
            </div>
            {surfaces.into_iter().collect_view()}
        </section>
    }
    .into_any()
}

fn surface_table(surface: &str, title: &'static str, shown: &[&GuardRow]) -> Option<AnyView> {
    let rows: Vec<AnyView> = shown.iter().filter(|row| row.surface == surface).map(|row| way(row)).collect();
    (!rows.is_empty()).then(|| {
        view! {
            <div class="table-wrap ways">
                <table class="table small">
                    <caption>
                        <h3>{title}</h3>
                    </caption>
                    <thead>
                        <tr>
                            <th scope="col">"Method"</th>
                            <th scope="col">"Address"</th>
                            <th scope="col">"Needs"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        }
        .into_any()
    })
}

fn way(row: &GuardRow) -> AnyView {
    let needs = row.permission.map_or_else(
        || view! { <span class="muted">"nothing: anybody may"</span> }.into_any(),
        |permission| {
            let word = permission.as_str();
            view! {
                <a class="mono" href=format!("#{word}")>
                    {word}
                </a>
            }
            .into_any()
        },
    );
    view! {
        <tr data-key=format!("{} {} {}", row.surface, row.method, row.path)>
            <td class="mono" data-label="Method">
                {row.method}
            </td>
            <th scope="row" class="lead mono address">
                {row.path}
            </th>
            <td data-label="Needs">{needs}</td>
        </tr>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_permission_is_chosen_by_its_word() {
        assert_eq!(chosen(None), Ok(None));
        assert_eq!(chosen(Some("recover")), Ok(Some(Permission::Recover)));
        assert!(chosen(Some("rule_the_world")).expect_err("none").message.contains("rule_the_world"));
    }

    #[test]
    fn every_permission_says_something_of_its_own() {
        let all: std::collections::BTreeSet<_> = Permission::ALL.into_iter().map(meaning).collect();
        assert_eq!(all.len(), Permission::ALL.len());
    }
}
