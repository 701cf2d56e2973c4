//! Who works in the story's console: one operator for each role, with passwords that are made anew and said once.

use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::domain::access::{By, Operator, Role, Who};
use crate::service::Service;

const NAMES: [(Role, &str); 4] =
    [(Role::Owner, "Olivia Tan"), (Role::Finance, "Felix Brandt"), (Role::Support, "Sun Li"), (Role::Viewer, "Vera Rossi")];

/// An operator, and the password.
#[derive(Clone)]
pub struct Hired {
    pub operator: Operator,
    pub password: String,
}

impl std::fmt::Debug for Hired {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hired").field("operator", &self.operator).finish_non_exhaustive()
    }
}

fn email(role: Role) -> String {
    format!("{role}@example.com")
}

/// Adds them, or gives those who are there other passwords. `service` has unguessable randomness.
pub async fn hire(service: &Service) -> Result<Vec<Hired>, Failure> {
    let known = service.operators().await?;
    let mut hired = Vec::new();
    for (role, name) in NAMES {
        let there = known.iter().find(|listed| listed.operator.email == email(role));
        let operator = match there {
            Some(listed) => listed.operator.clone(),
            None => service.add_operator(&email(role), name, role).await?.operator,
        };
        let password = readable(&service.new_token());
        service.give_password(operator.id, &password).await?;
        hired.push(Hired { operator, password });
    }
    Ok(hired)
}

/// Groups of five letters and digits: 80 of the token's random bits.
fn readable(token: &str) -> String {
    let groups: Vec<&str> = (0..4).filter_map(|group| token.get(group * 5..group * 5 + 5)).collect();
    groups.join("-")
}

/// The services, for whoever gives credits in the story.
pub fn finance(service: &Service, staff: &[Hired]) -> Service {
    let finance = staff.iter().find(|hired| hired.operator.role == Role::Finance);
    let who = finance.map_or(Who::CommandLine, |hired| Who::Operator { operator: hired.operator.clone(), session: None, proven: true });
    service.acting_for(By { who, request_id: None, address: None })
}

pub fn to_json(staff: &[Hired]) -> Value {
    staff.iter().map(|hired| json!({"email": hired.operator.email, "role": hired.operator.role, "password": hired.password})).collect()
}

/// A line for each, to be read by people.
pub fn lines(staff: &[Hired]) -> String {
    let lines: Vec<String> = staff.iter().map(|hired| format!("{:22} {}", hired.operator.email, hired.password)).collect();
    lines.join("\n             ")
}
