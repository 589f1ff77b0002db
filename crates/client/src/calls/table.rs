//! Writes methods out of a table of calls.

/// One row for each call: what it does, its name and arguments, what is asked and how the answer is read.
///
/// `admin` and `anyone` say who may, `acts` and `reads` what becomes of a call whose future is dropped; `as me` gives who
/// acts. Each handle comes with the fence and the first lines of its examples.
macro_rules! calls {
    ($([$handle:ident $fence:literal $begin:literal])+ => $rows:tt) => {
        calls! { @each [$([$handle $fence $begin])+] $rows }
    };
    (@each [$first:tt $($others:tt)*] $rows:tt) => {
        calls! { @on $first $rows }
        calls! { @each [$($others)*] $rows }
    };
    (@each [] $rows:tt) => {};
    (@on [$handle:ident $fence:literal $begin:literal] {$(
        $(#[$doc:meta])*
        $who:ident $sort:ident $name:ident($($arg:ident: $type:ty),* $(,)?) -> $answer:ty {
            ask $(as $me:ident)?: $ask:expr,
            answer: $read:expr,
            $(then as $it:ident: $then:expr,)?
            example: $example:literal
        }
    )*}) => {
        impl $handle {$(
            $(#[$doc])*
            ///
            /// # Errors
            #[doc = errors!($who)]
            ///
            /// # Cancel safety
            #[doc = cancel!($sort)]
            ///
            #[doc = concat!(
                $fence, "\n",
                "# #[tokio::main]\n",
                "# async fn main() -> Result<(), Box<dyn std::error::Error>> {\n",
                $begin, "\n", $example, "\n",
                "# Ok(())\n",
                "# }\n",
                "```",
            )]
            pub async fn $name(&self $(, $arg: $type)*) -> Result<$answer, CallError> {
                $(let $me = self.actor().await?;)?
                let body = self.make($ask).await?;
                $({
                    let $it = self;
                    $then.await;
                })?
                answer(&body, $read)
            }
        )*}
    };
}

macro_rules! errors {
    (admin) => {
        "When the service refuses it, as it does to all but admins; can't be reached; or answers what can't be used."
    };
    (anyone) => {
        "When the service refuses it, can't be reached, or answers what can't be used."
    };
}

macro_rules! cancel {
    (acts) => {
        "It may or may not have been done."
    };
    (reads) => {
        "Safe: it changes nothing."
    };
}

pub(crate) use {calls, cancel, errors};
