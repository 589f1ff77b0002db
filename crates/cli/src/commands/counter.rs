//! `chatroom counter`: press what the room counts, and look at it.

mod press;

use chatroom_client::Event;
use chatroom_wire::{SafeText, chatroom::CustomCounter};

use super::{
    print_lines,
    visit::{Next, Stay, Visit},
    visitor,
};
use crate::{
    args::{
        GlobalArgs,
        access::VisitorArgs,
        counter::{CounterArgs, CounterCommand, WatchArgs},
    },
    cells, diagnostics,
    failure::Failure,
    output::json_line,
};

pub(super) async fn run(args: CounterArgs, global: &GlobalArgs) -> Result<(), Failure> {
    match args.command {
        CounterCommand::List => list(&args.visitor, args.json, global).await,
        CounterCommand::Press(press) => press::run(press, args.visitor, args.json, global).await,
        CounterCommand::Watch(watch) => follow(watch, args.visitor, args.json, global).await,
    }
}

async fn list(args: &VisitorArgs, json: bool, global: &GlobalArgs) -> Result<(), Failure> {
    let room = visitor(args, global)?
        .chatroom()
        .await
        .map_err(|source| Failure::Call { what: "the counters can't be read", source })?;
    if room.custom_counters.is_empty() && !json {
        diagnostics::note("the room has no counters", global.color);
    }
    print_lines(lines(&room.custom_counters, json)).await
}

/// Prints the totals as they change.
async fn follow(args: WatchArgs, visitor: VisitorArgs, json: bool, global: &GlobalArgs) -> Result<(), Failure> {
    let stay = Stay { length: args.length, timeout: args.timeout, looks_on: true, ..Stay::default() };
    let mut visit = Visit::begin(visitor, global, stay)?;
    let result = watch(&mut visit, &args.keys, json).await;
    let ended = visit.end().await;
    result.and(ended)
}

async fn watch(visit: &mut Visit, keys: &[String], json: bool) -> Result<(), Failure> {
    let mut shown: Vec<CustomCounter> = Vec::new();
    loop {
        let counters = match visit.next().await? {
            Next::Over => return Ok(()),
            Next::Lagged => continue,
            Next::Event(event) => match *event {
                Event::Joined { .. } => visit.room.state().counters.clone(),
                Event::RoomChanged(state) => state.counters,
                _ => continue,
            },
        };
        if let Some(missing) = keys.iter().find(|key| !counters.iter().any(|counter| counter.key == **key)) {
            return Err(no_such(missing));
        }
        let wanted = counters.iter().filter(|counter| keys.is_empty() || keys.contains(&counter.key));
        let is_new = |counter: &&CustomCounter| {
            let before = shown.iter().find(|before| before.key == counter.key);
            before.is_none_or(|before| (before.value, before.disabled) != (counter.value, counter.disabled))
        };
        let news: Vec<CustomCounter> = wanted.filter(is_new).cloned().collect();
        shown = counters;
        let told =
            if json { lines(&news, true) } else { news.iter().map(|counter| line(counter).join("  ")).collect() };
        if visit.print(told).await.is_err() {
            return Ok(());
        }
    }
}

fn lines(counters: &[CustomCounter], json: bool) -> Vec<String> {
    if json {
        return counters.iter().map(json_line).collect();
    }
    cells::columns(&counters.iter().map(line).collect::<Vec<_>>())
}

fn line(counter: &CustomCounter) -> [String; 2] {
    let rest = if counter.disabled { "  counts no more" } else { "" };
    [SafeText::line(&counter.key).into_string(), format!("{}{rest}", counter.value)]
}

fn no_such(key: &str) -> Failure {
    Failure::Refused {
        problem: format!("the room has no counter “{}”", SafeText::name(key, "")),
        hint: "`chatroom counter list` lists those it has; they are made together with the room",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_stand_in_columns_and_as_json_on_a_line_each() {
        let counter = |key: &str, value, disabled| CustomCounter {
            key: key.to_owned(),
            value,
            version_number: "1".to_owned(),
            disabled,
            ..CustomCounter::default()
        };
        let counters = [counter("like", 1234, false), counter("いいね\x1b[2J", 5, true), counter("boo", 0, false)];
        insta::assert_snapshot!(lines(&counters, false).join("\n"));
        let json = lines(&counters, true);
        assert_eq!(json.len(), 3);
        assert!(json.iter().all(|line| !line.chars().any(char::is_control)), "{json:?}");
    }
}
