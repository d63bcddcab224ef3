//! People: two letters and a name.

use std::collections::BTreeMap;

use domain::project::Team;
use leptos::prelude::*;

/// Names by employee id. Who is on no list is called by the id.
#[derive(Debug, Clone, Default)]
pub(crate) struct People(BTreeMap<String, String>);

impl People {
    pub(crate) fn of(team: &Team) -> Self {
        Self(team.team_members.iter().map(|member| (member.id.clone(), member.name.clone())).collect())
    }

    pub(crate) fn add(&mut self, team: &Team) {
        self.0.extend(Self::of(team).0);
    }

    pub(crate) fn remove(&mut self, team: &Team) {
        for member in &team.team_members {
            self.0.remove(&member.id);
        }
    }

    pub(crate) fn name(&self, employee_id: &str) -> String {
        self.0.get(employee_id).cloned().unwrap_or_else(|| employee_id.to_owned())
    }

    /// Everybody by id, for suggestions and choices.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &String)> {
        self.0.iter()
    }
}

/// Who it is assigned to, or nobody.
#[component]
pub(crate) fn Person(
    /// The employee's id; `None` and the reference's word `unassigned` are nobody.
    #[prop(into)]
    id: Option<String>,
    people: People,
) -> impl IntoView {
    let id = id.filter(|id| id != "unassigned");
    let name = id.as_ref().map_or_else(|| "nobody".to_owned(), |id| people.name(id));
    let letters = if id.is_some() { initials(&name) } else { "–".to_owned() };
    view! {
        <span class="person" title=id>
            <span class="avatar" aria-hidden="true">
                {letters}
            </span>
            <span class="name">{name}</span>
        </span>
    }
}

/// First letters of the first and the last word.
pub(crate) fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    let last = words.next_back();
    let letters: String = [first, last].into_iter().flatten().flat_map(char::to_uppercase).collect();
    if letters.is_empty() { "?".to_owned() } else { letters }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_word() {
        assert_eq!(initials("Amara Okafor"), "AO");
        assert_eq!(initials("Ana María de la Cruz"), "AC");
        assert_eq!(initials("Plato"), "P");
        assert_eq!(initials("åsa \"><script>"), "ÅS");
        assert_eq!(initials("  "), "?");
    }
}
