//! `chatroom token`: make tokens, renew them, and read what they say.

mod told;

use std::{io, path::Path};

use chatroom_wire::{
    Claims, RoomId, Time, Token,
    rest::{CreateToken, RefreshAnswer},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use self::told::Told;
use super::{print_lines, rooms, setup, warn};
use crate::{
    access::{AccessError, keys, place::Place},
    args::{
        GlobalArgs,
        token::{CreateTokenArgs, InspectTokenArgs, OutArgs, RefreshTokenArgs, TokenArgs, TokenCommand},
    },
    color::ColorChoice,
    diagnostics,
    failure::Failure,
    output::json_line,
    output_file::OutputFile,
};

pub(super) async fn run(args: TokenArgs, global: &GlobalArgs) -> Result<(), Failure> {
    match args.command {
        TokenCommand::Create(args) => create(args, global).await,
        TokenCommand::Refresh(args) => refresh(args, global).await,
        TokenCommand::Inspect(args) => inspect(args, global).await,
    }
}

async fn create(args: CreateTokenArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let (out, refresh_out) = (args.out.out.as_deref(), args.refresh_out.as_deref());
    let rooms = rooms(&args.org, global)?;
    // Before anything is made that nobody could keep.
    let [out_file, refresh_file] = [out, refresh_out].map(|path| file(path, args.out.force));
    let (out_file, refresh_file) = (out_file?, refresh_file?);
    if let (Some(one), Some(other)) = (&out_file, &refresh_file)
        && one.is_same(other)
    {
        return Err(Failure::Usage {
            problem: "both tokens would go into one file",
            hint: "give --out and --refresh-out different files",
        });
    }
    let now = Timestamp::now();
    let wish = CreateToken {
        role: args.role.into(),
        device_id: args.device,
        subject: args.subject,
        name: args.name,
        expired_at: args.expires.map(|end| Time::milliseconds(end.instant())),
    };
    let answer = rooms
        .create_token(&RoomId::from(args.room), &wish)
        .await
        .map_err(|source| Failure::OrgCall { what: "the token can't be made", source })?;
    write(refresh_file, answer.refresh_token.expose())?;
    write(out_file, answer.token.expose())?;
    let mut told = Told::of(&claims(&answer.token), now);
    told.ends_by(answer.expires_in.and_then(|seconds| after(now, seconds)));
    told.written("token", out, None);
    if refresh_out.is_some() {
        told.written("refresh_token", refresh_out, answer.refresh_expires_in.and_then(|seconds| after(now, seconds)));
    }
    if args.out.show && args.out.json {
        told.show("refresh_token", answer.refresh_token.expose());
    }
    tell(told, &answer.token, &args.out, global).await
}

async fn refresh(args: RefreshTokenArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let (profile, environment) = setup(global)?;
    let mut warnings = Vec::new();
    let refresh_token = keys::refresh_token(args.refresh_token_file.as_ref(), &profile, &environment, &mut warnings)?;
    let as_token = Token::new(refresh_token.expose());
    let place = Place::resolve(&args.service, &profile, &environment, Some(&as_token), &mut warnings)?;
    warn(&warnings, global);
    let out = args.out.out.as_deref();
    let file = file(out, args.out.force)?;
    let rest = place.rest().map_err(Failure::Build)?;
    global.clock.service(&rest);
    let RefreshAnswer { token, expires_in } = rest.refresh(&refresh_token).await.map_err(Failure::Renewal)?;
    write(file, token.expose())?;
    let now = Timestamp::now();
    let mut told = Told::of(&claims(&token), now);
    told.ends_by(expires_in.and_then(|seconds| after(now, seconds)));
    told.written("token", out, None);
    tell(told, &token, &args.out, global).await
}

async fn inspect(args: InspectTokenArgs, global: &GlobalArgs) -> Result<(), Failure> {
    let (profile, environment) = setup(global)?;
    let mut warnings = Vec::new();
    let found = keys::find(args.token_file.as_deref(), &profile, &environment, &mut warnings)?;
    let keys::Found { token, origin, .. } = found.ok_or(AccessError::NoToken)?;
    warn(&warnings, global);
    let claims = match Claims::of(&token) {
        Ok(claims) => claims,
        Err(source) => return Err(AccessError::BadToken { origin, source }.into()),
    };
    let now = Timestamp::now();
    let mut told = Told::of(&claims, now);
    if args.show {
        told.show("token", token.expose());
    }
    if args.json {
        told.add_claims(serde_json::to_value(&claims).unwrap_or(Value::Null));
        print_lines([json_line(&told.json())]).await?;
    } else {
        print_lines(told.lines(global.color.palette(&io::stdout()))).await?;
    }
    diagnostics::warn(
        "the signature is not checked: whether the token is genuine, only the service knows",
        global.color,
    );
    match claims.expires_at().filter(|end| *end <= now) {
        Some(at) => Err(AccessError::Expired { origin, at }.into()),
        None => Ok(()),
    }
}

/// Says what was made. The token alone goes to stdout where it is to be shown.
async fn tell(mut told: Told, token: &Token, out: &OutArgs, global: &GlobalArgs) -> Result<(), Failure> {
    if out.json {
        if out.show {
            told.show("token", token.expose());
        }
        return print_lines([json_line(&told.json())]).await;
    }
    if !out.show {
        return print_lines(told.lines(global.color.palette(&io::stdout()))).await;
    }
    // Notes are made safe as a whole, colours too.
    for line in told.lines(ColorChoice::Never.palette(&io::stderr())) {
        diagnostics::note(&line, global.color);
    }
    print_lines([token.expose().to_owned()]).await
}

fn file(path: Option<&Path>, force: bool) -> Result<Option<OutputFile>, Failure> {
    path.map(|path| OutputFile::create(path, force)).transpose()
}

fn write(file: Option<OutputFile>, secret: &str) -> Result<(), Failure> {
    file.map_or(Ok(()), |file| file.write_secret(secret))
}

/// Another service's tokens may say nothing that we can read, and are good all the same.
fn claims(token: &Token) -> Claims {
    Claims::of(token).unwrap_or_default()
}

fn after(now: Timestamp, seconds: i64) -> Option<Timestamp> {
    now.checked_add(SignedDuration::from_secs(seconds)).ok()
}
