//! What a request can meet instead of the right answer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What a request meets instead of the right answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Behaviour {
    /// Takes effect late: waits first.
    DelayBefore {
        /// How long.
        ms: u64,
    },
    /// Takes effect at once and answers late.
    DelayAfter {
        /// How long.
        ms: u64,
    },
    /// Takes effect; the connection is then dropped without an answer.
    AcceptThenCut,
    /// The connection is dropped without effect or answer.
    CutBefore,
    /// Another status.
    Status {
        /// The HTTP status.
        status: u16,
        /// What stands in the body.
        body: Body,
        /// Whether the request takes effect all the same.
        effect: bool,
    },
    /// 429, without effect.
    TooManyRequests {
        /// The header that comes with it.
        retry_after: RetryAfter,
    },
    /// The signing payload says something else than was asked.
    TamperPayload {
        /// What is changed.
        tamper: Tamper,
    },
    /// Takes effect and answers 2xx as if it were about another settlement, affirmation or quote.
    AnotherSettlement,
    /// 503 with a proxy's page at once, as BitGo Express answers its own time-out; the request takes effect all the same, later.
    GatewayTimeout {
        /// How long after the answer.
        effect_after_ms: u64,
    },
    /// The right answer, from a venue whose clock is wrong: its `Date` header is off.
    DateSkew {
        /// By how much; negative where the venue's clock is behind.
        seconds: i64,
    },
    /// The right answer with null for what is absent, as the documentation's samples show it against its own schema.
    SampleNulls,
    /// A call that the venue makes goes wrong; requests to the venue do not meet it.
    Flawed {
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// Takes effect; the answer's members say something else: JSON text by name.
    AlteredQuote {
        /// What stands where.
        members: BTreeMap<String, String>,
    },
    /// Takes effect and answers 2xx with a body of this size.
    Oversize {
        /// The size.
        bytes: usize,
    },
}

/// The forms of an error's body that are seen in the wild.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// No bytes.
    Nothing,
    /// `{}`.
    EmptyObject,
    /// `{error}`.
    Error,
    /// `{error, errorName, reqId}`.
    ErrorName,
    /// `{error, name, requestId}`.
    NameRequestId,
    /// Bitlipa's `{error: {code, message}, request_id}`.
    Bitlipa,
    /// `{settlements: []}`: a list that does not show yet what was created.
    EmptyList,
    /// A proxy's page.
    Html,
    /// JSON that ends in the middle; the right answer's first half where the request took effect.
    Truncated,
    /// The right answer under `text/plain`, or an error so where the request took no effect.
    WrongContentType,
    /// The right answer's `{settlement}`, marked pending: an "incomplete settlement". Needs the effect.
    Settlement,
    /// The right answer as if it were about another settlement, affirmation or quote. Needs the effect.
    AnotherSettlement,
    /// An error that quotes the caller's own credential, as BitGo Express does in its 511.
    EchoedToken,
    /// 100 MiB that say nothing.
    Enormous,
}

/// What a 429 says about waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryAfter {
    /// Nothing.
    Absent,
    /// Seconds.
    Seconds(u32),
    /// The same as an HTTP date, that many seconds from the sandbox's now.
    Date(u32),
}

/// What a tampered signing payload says wrongly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tamper {
    /// The first amount gains a digit.
    Amount,
    /// The first account is another.
    Account,
    /// A field that nobody asked for.
    ExtraField,
    /// The external id stands there twice.
    DuplicateKey,
    /// Another external id.
    ExternalId,
    /// Another nonce.
    Nonce,
    /// Another cutoff, or one that nobody asked for.
    Cutoff,
    /// Other notes, or some that nobody asked for.
    Notes,
    /// The first amount as a bare JSON number.
    NumberForm,
    /// The same content in another order: benign.
    Reordered,
    /// The same content with its first letter escaped: benign.
    UnicodeEscape,
}

/// What is wrong with a call that the venue makes to its partner.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flaw {
    /// The token is signed by a stranger's key.
    Forged,
    /// The token says that nobody signed it.
    Unsigned,
    /// There is no token.
    NoToken,
    /// The token's time has passed long ago.
    Stale,
    /// The same call, token and body, comes twice.
    Replayed,
    /// Calls that were due after it come first.
    Reordered,
    /// The body is no JSON.
    WrongBody,
    /// The body says other amounts than the venue settles.
    OtherAmounts,
    /// The body names a settlement that nobody has.
    AnotherSettlement,
}
