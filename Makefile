# Everything that a developer types. `make help` lists it.
.DEFAULT_GOAL := help
CARGO ?= cargo

.PHONY: help
help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 14

.PHONY: dev
dev: ## Run the gateway with embedded defaults and simulated venues
	$(CARGO) run --locked -- dev

.PHONY: tour
tour: ## Run the gateway and drive every RPC through it once
	$(CARGO) run --locked -- dev --tour --ephemeral

.PHONY: test
test: ## Run all tests; those of PostgreSQL start its server, which is installed where that is possible
	@scripts/postgres.sh
	@scripts/grpcurl.sh
	@scripts/helm.sh
	@scripts/examples.sh build
	$(CARGO) test --locked

.PHONY: stubs
stubs: ## Generate the callers' stubs for Go, Python, TypeScript and Java into examples/*/gen
	@scripts/examples.sh stubs

.PHONY: torture
torture: ## Kill replicas at random under load: SETTLEMENTS=2000 STORE=sqlite|postgres SEED=, each as you like
	@scripts/postgres.sh
	SETTLEMENTS=$${SETTLEMENTS:-2000} $(CARGO) test --locked --test it -- process::ordeal::torture --nocapture --test-threads 1

.PHONY: simulate
simulate: ## Run the engine against models in virtual time, seed after seed: SEEDS=2000, or one SEED= with its history
	SEEDS=$${SEEDS:-2000} $(CARGO) test --locked --test it -- simulation:: --nocapture --test-threads 2

.PHONY: lint
lint: ## Check format, lints, documentation, the contract and the alerts
	$(CARGO) fmt --check
	$(CARGO) clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --locked --no-deps --lib --quiet
	@scripts/buf.sh lint
	@scripts/buf.sh format --diff --exit-code
	@scripts/buf.sh breaking --against "$$(ls tests/golden/contract-*.binpb | sort -V | tail -1)"
	@scripts/promtool.sh check rules helm/settlement-gateway/files/rules.yaml
	@scripts/promtool.sh test rules tests/golden/rules_test.yaml

.PHONY: bench
bench: ## Measure the parts and the whole gateway, as ratios in one run
	$(CARGO) bench --locked --bench micro --bench load

.PHONY: image
image: ## Build the image with docker, podman or buildah: IMAGE=name:tag, as you like
	@scripts/image.sh

.PHONY: image-check
image-check: ## Start the image with docker or podman as it is deployed, and ask it what a cluster would: IMAGE= as for `image`
	@scripts/image-check.sh

.PHONY: sbom
sbom: ## Write the binary's bill of materials to target/sbom, in CycloneDX's format
	@scripts/sbom.sh
