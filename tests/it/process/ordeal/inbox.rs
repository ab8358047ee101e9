//! A venue calls, and the gateway dies of it: the venue calls again, and the call is acted on once.

use super::asks::Ask;
use super::lives::finished;
use super::scene::{Backend, Scene};
use crate::callbacks::support::{claims, token};
use crate::process::calls::Gateway;
use crate::process::support::until;
use crate::support::world::V2;

/// Calls as the venue does; whether it was answered as the venue wants.
async fn call(gateway: &mut Gateway, token: &str) -> bool {
    let address = gateway.process.word_after("callbacks ").await;
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let call = client.post(format!("http://{address}/finalize")).header("X-BitGo-Signature", token);
    call.body(r#"{"externalId":"called-about"}"#).send().await.is_ok_and(|answer| answer.status() == 200)
}

/// What became of each delivery.
async fn outcomes(scene: &Scene) -> Vec<Option<String>> {
    scene.texts("SELECT outcome FROM delivery ORDER BY id").await
}

pub(super) async fn killed_and_called_again(backend: Backend, moment: &str) {
    let Some(scene) = Scene::open(backend, None).await else { return };
    let settled = std::sync::Arc::new(Ask::settlement(V2, "called-about"));
    let mut doomed = scene.serve(moment).await;
    finished(&scene, doomed.grpc, &settled).await;
    let token = token(&claims("j-1"));
    call(&mut doomed, &token).await;
    let ended = doomed.process.ended().await;
    assert_eq!(ended.code(), None, "{}: it ended by itself: {}", scene.run(), ended.output());
    let mut heir = scene.serve("").await;
    assert!(call(&mut heir, &token).await, "{}: the second call was not taken", scene.run());
    until("the call is acted on", async || outcomes(&scene).await.iter().all(Option::is_some).then_some(())).await;
    assert_eq!(outcomes(&scene).await, [Some("NAMED".to_owned())], "{}", scene.run());
    scene.judge(heir.grpc).await;
}
