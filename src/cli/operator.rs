//! `batchbook operator add | list | role | disable | enable | link | reset-second-factor | token`: who works in the console. Whoever runs it has the
//! database in hand, so it is not asked who they are.

use std::io::Read;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::Failure;
use super::open;
use super::output::Output;
use crate::console::query::LoginQuery;
use crate::domain::access::{Operator as Person, Role};
use crate::domain::session::{LINK_S, normal_email};
use crate::server::config::Config;
use crate::service::Service;
use crate::service::operators::{Invited, ListedOperator};

#[derive(Debug, Subcommand)]
pub enum Operator {
    /// Add an operator, and print a one-time link to set the password.
    Add(Add),
    /// List the operators.
    List,
    /// Give an operator another role, from the next request on.
    Role { email: String, role: Role },
    /// Keep an operator out: sessions end, tokens are revoked.
    Disable { email: String },
    /// Let an operator in again.
    Enable { email: String },
    /// Print a new one-time link to set the password; links before it are not good any more.
    Link { email: String },
    /// Turn the second factor off of an operator who lost it: the password is enough from then on.
    ResetSecondFactor {
        /// Whose.
        #[arg(long)]
        email: String,
    },
    /// Make a token with which a script uses the operators' API. It is printed once and stored nowhere.
    Token {
        /// For whom it acts, with that operator's role.
        #[arg(long)]
        email: String,
        /// What it is for, to tell tokens apart.
        #[arg(long, default_value = "script")]
        name: String,
    },
}

#[derive(Debug, Args)]
pub struct Add {
    /// What they sign in with.
    #[arg(long)]
    email: String,
    /// As colleagues call them; unless given, the address up to its @.
    #[arg(long, default_value = "")]
    name: String,
    /// owner, finance, support or viewer.
    #[arg(long)]
    role: Role,
    /// Read the password from standard input instead of printing a link.
    #[arg(long)]
    password_stdin: bool,
}

impl Operator {
    pub async fn run(self, config: Config, output: Output) -> Result<(), Failure> {
        let state = open::existing(&config).await?;
        let service = &state.service;
        match self {
            Self::Add(add) => add.run(service, &config, output).await?,
            Self::List => list(service, output).await?,
            Self::Role { email, role } => {
                service.change_role(find(service, &email).await?.operator.id, role).await?;
                changed(&find(service, &email).await?, output);
            }
            Self::Disable { email } => {
                service.disable_operator(find(service, &email).await?.operator.id).await?;
                changed(&find(service, &email).await?, output);
            }
            Self::Enable { email } => {
                service.enable_operator(find(service, &email).await?.operator.id).await?;
                changed(&find(service, &email).await?, output);
            }
            Self::Link { email } => {
                let invited = service.invite_operator(find(service, &email).await?.operator.id).await?;
                answer_link(&invited, &config, output);
            }
            Self::ResetSecondFactor { email } => {
                let operator = find(service, &email).await?.operator;
                let removed = service.reset_second_factor(operator.id).await?;
                let text = if removed { "has no second factor any more: the password is enough." } else { "had no second factor." };
                output.answer(&listed(&find(service, &email).await?), &format!("{} {text}", operator.email));
            }
            Self::Token { email, name } => {
                let operator = find(service, &email).await?.operator;
                let token = service.add_operator_token(operator.id, &name).await?;
                output.answer(
                    &json!({"object": "operator_token", "operator": operator.id, "name": name, "token": token.reveal()}),
                    &format!(
                        "Token for {} ({}):\n\n    {}\n\nIt is shown this once and stored nowhere. It goes into the header \
                         Authorization: Bearer <token>, and is revoked on the page of the account.",
                        operator.email,
                        operator.role,
                        token.reveal()
                    ),
                );
            }
        }
        state.db.close().await;
        Ok(())
    }
}

impl Add {
    async fn run(self, service: &Service, config: &Config, output: Output) -> Result<(), Failure> {
        let password = if self.password_stdin { Some(read_password()?) } else { None };
        let invited = service.add_operator(&self.email, &self.name, self.role).await?;
        let Some(password) = password else {
            answer_link(&invited, config, output);
            return Ok(());
        };
        let operator = invited.operator;
        service.give_password(operator.id, &password).await.map_err(|error| {
            let Failure { code, message } = Failure::from(error);
            Failure {
                code,
                message: format!("{} is added without a password: {message} Next: `batchbook operator link {0}`.", operator.email),
            }
        })?;
        output.answer(&person(&operator), &format!("{} is added as {} and can sign in.", operator.email, operator.role));
        Ok(())
    }
}

/// The first line.
fn read_password() -> Result<String, Failure> {
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .map_err(|error| Failure::new("password", format!("The password cannot be read: {error}")))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

async fn find(service: &Service, email: &str) -> Result<ListedOperator, Failure> {
    let email = normal_email(email);
    let found = service.operators().await?.into_iter().find(|listed| listed.operator.email == email);
    found.ok_or_else(|| Failure::new("not_found", format!("There is no operator {email}. `batchbook operator list` lists all.")))
}

async fn list(service: &Service, output: Output) -> Result<(), Failure> {
    let operators = service.operators().await?;
    let rows: Vec<Value> = operators.iter().map(listed).collect();
    let lines: Vec<String> = operators
        .iter()
        .map(|listed| {
            let state = match (listed.disabled_at, listed.has_password) {
                (Some(at), _) => format!("kept out since {at}"),
                (None, true) if listed.has_second_factor => "with second factor".to_owned(),
                (None, true) => String::new(),
                (None, false) => "no password yet".to_owned(),
            };
            format!("{:8} {}  {}  {state}", listed.operator.role, listed.operator.email, listed.operator.name).trim_end().to_owned()
        })
        .collect();
    let none = "There is no operator yet. Add the first with: batchbook operator add --email you@example.com --role owner";
    let text = if lines.is_empty() { none.to_owned() } else { lines.join("\n") };
    output.answer(&json!({"object": "list", "data": rows}), &text);
    Ok(())
}

fn changed(operator: &ListedOperator, output: Output) {
    let is = if operator.disabled_at.is_some() { "is kept out".to_owned() } else { format!("is {}", operator.operator.role) };
    output.answer(&listed(operator), &format!("{} {is} now.", operator.operator.email));
}

fn answer_link(invited: &Invited, config: &Config, output: Output) {
    let link = LoginQuery { token: Some(invited.link.reveal().to_owned()), ..LoginQuery::going_to("") };
    let link = format!("{}{}", config.public_url, link.href_to(LoginQuery::SET_PASSWORD));
    let mut answer = person(&invited.operator);
    answer["set_password_url"] = json!(link);
    let days = LINK_S / 86_400;
    output.answer(
        &answer,
        &format!(
            "{} ({}) sets the password at this address, once, within {days} days:\n\n    {link}\n\nWhoever has it gets in: hand it over safely.",
            invited.operator.email, invited.operator.role
        ),
    );
}

fn person(operator: &Person) -> Value {
    json!({"object": "operator", "id": operator.id, "email": operator.email, "name": operator.name, "role": operator.role})
}

fn listed(listed: &ListedOperator) -> Value {
    let mut row = person(&listed.operator);
    row["has_password"] = json!(listed.has_password);
    row["has_second_factor"] = json!(listed.has_second_factor);
    row["created_at"] = json!(listed.created_at);
    row["disabled_at"] = json!(listed.disabled_at);
    row
}
