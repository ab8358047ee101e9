//! One call, from its arrival to its answer: who calls, until when, and how it fails.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use tonic::{Request, Status};
use tracing::Span;

use super::convert::violations::InvalidRequest;
use super::deadline::{Deadline, patience};
use super::layers::RequestId;
use super::pb::ErrorReason;
use super::refused::{Refused, Wanted};
use super::status::{self, About};
use crate::domain::origin::{Origin, Traceparent};
use crate::domain::policy::{Grants, RpcName};
use crate::service::{Caller, Refusals, ServiceError};

/// The handlers' tunables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandlerSettings {
    /// How long before its caller's deadline a call answers. Too short, and the answer comes too late to be seen.
    pub deadline_margin: Duration,
    /// How long a write waits for the venue's answer when its caller set no deadline.
    pub wait_cap: Duration,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    caller: Caller,
    about: About,
    deadline: Option<Deadline>,
    settings: HandlerSettings,
    refused: Refused,
}

impl Call {
    /// Takes up a call. Authentication has put the caller's grants into the
    /// request; where it has not, nobody is calling and nothing is done.
    pub(super) fn open<T>(request: &Request<T>, about: About, settings: HandlerSettings) -> Result<Self, Status> {
        let grants = request.extensions().get::<Arc<Grants>>();
        let grants = grants.cloned().ok_or_else(|| status::refused(ErrorReason::CallerUnknown, &about))?;
        let deadline = request.extensions().get::<Deadline>().copied();
        if let Some(external_id) = about.external_id() {
            Span::current().record("external_id", external_id);
        }
        Ok(Self {
            caller: Caller { grants, rpc: RpcName::new(about.rpc()), origin: origin(request) },
            about,
            deadline,
            settings,
            refused: Refused::default(),
        })
    }

    /// Who calls.
    pub(super) fn caller(&self) -> &Caller {
        &self.caller
    }

    /// How long a write may wait for the venue's answer.
    pub(super) fn patience(&self) -> Duration {
        patience(self.deadline, Instant::now(), self.settings.deadline_margin, self.settings.wait_cap)
    }

    /// A converted request, or the status that names its faults.
    pub(super) fn converted<T>(&self, request: Result<T, InvalidRequest>) -> Result<T, Status> {
        request.map_err(|invalid| {
            self.refused.because(ErrorReason::InvalidRequest);
            status::invalid(invalid, &self.about)
        })
    }

    /// What a limit lets through, or the status of the limit.
    pub(super) fn begun<T>(&self, admitted: Result<T, ErrorReason>) -> Result<T, Status> {
        admitted.map_err(|reason| status::refused(reason, &self.about))
    }

    /// A use case's answer, or the status of its error.
    pub(super) fn answered<T>(&self, answer: Result<T, ServiceError>) -> Result<T, Status> {
        answer.map_err(|error| {
            if error.is_refusal() {
                self.refused.because(status::reason(&error, &self.about));
            }
            status::status(&error, &self.about)
        })
    }

    /// The answer of a use case that changes nothing, unless the caller's deadline ends before it is there.
    pub(super) async fn read<T>(&self, reading: impl Future<Output = Result<T, ServiceError>>) -> Result<T, Status> {
        let Some(deadline) = self.deadline else { return self.answered(reading.await) };
        match timeout_at(deadline.less(self.settings.deadline_margin), reading).await {
            Ok(answer) => self.answered(answer),
            Err(_) => Err(status::refused(ErrorReason::DeadlineExceeded, &self.about)),
        }
    }

    /// Handles this call, which moves money or asks for a signature: where it is refused, that is recorded before it is told.
    pub(super) async fn audited<T>(
        &self,
        refusals: &Refusals,
        wanted: Wanted,
        handling: impl Future<Output = Result<T, Status>>,
    ) -> Result<T, Status> {
        self.refused.recorded(refusals, &self.caller, wanted, handling).await
    }

    /// What is needed to tell errors once the call itself is gone.
    pub(super) fn into_about(self) -> About {
        self.about
    }
}

/// Which request it is, as its layers have noted.
fn origin<T>(request: &Request<T>) -> Origin {
    let extensions = request.extensions();
    let id = extensions.get::<RequestId>().map_or("", RequestId::as_str);
    Origin::new(id, extensions.get::<Traceparent>().cloned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::CallerId;
    use crate::domain::policy::Allowed;
    use tonic::Code;

    const SETTINGS: HandlerSettings =
        HandlerSettings { deadline_margin: Duration::from_millis(100), wait_cap: Duration::from_secs(20) };

    fn request(deadline: Option<Deadline>) -> Request<()> {
        let mut request = Request::new(());
        let grants = Grants {
            caller: CallerId::new("c").unwrap(),
            rpcs: Allowed::All,
            enterprises: Allowed::All,
            merchants: Allowed::All,
            keys: Allowed::All,
            limits: Default::default(),
            unlimited_currencies: false,
        };
        request.extensions_mut().insert(Arc::new(grants));
        if let Some(deadline) = deadline {
            request.extensions_mut().insert(deadline);
        }
        request
    }

    fn open(request: &Request<()>) -> Result<Call, Status> {
        Call::open(request, About::call("Service/Method"), SETTINGS)
    }

    #[test]
    fn a_call_that_nobody_authenticated_is_refused() {
        assert_eq!(open(&Request::new(())).unwrap_err().code(), Code::Unauthenticated);
        assert_eq!(open(&request(None)).unwrap().caller().rpc.as_str(), "Service/Method");
    }

    #[test]
    fn a_write_waits_for_its_callers_deadline_less_the_margin_or_for_the_cap() {
        let within = Deadline(Instant::now() + Duration::from_secs(5));
        assert!(open(&request(Some(within))).unwrap().patience() <= Duration::from_millis(4_900));
        assert_eq!(open(&request(None)).unwrap().patience(), SETTINGS.wait_cap);
    }

    #[tokio::test]
    async fn a_read_that_outlasts_its_callers_deadline_says_so() {
        let call = open(&request(Some(Deadline(Instant::now())))).unwrap();
        let never = std::future::pending::<Result<(), ServiceError>>();
        assert_eq!(call.read(never).await.unwrap_err().code(), Code::DeadlineExceeded);
        assert!(call.read(std::future::ready(Ok(()))).await.is_ok());
    }
}
