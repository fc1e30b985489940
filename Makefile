# Each target installs what it needs first (scripts/bootstrap); `make` alone lists them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9%-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## the whole product on this machine: http://localhost:8000 (ARGS="..." go to `duologue dev`)
	@exec scripts/bootstrap python page livekit -- .venv/bin/duologue dev $(ARGS)

test: ## all that CI runs
	@exec scripts/bootstrap python node livekit_server chromium firefox nft socketio react_native postgres redis prometheus -- scripts/test all

check: ## the fast part of it: no browsers, no page build
	@exec scripts/bootstrap python node livekit_server postgres redis prometheus -- scripts/test fast

lint: ## style, spelling and import contracts
	@exec scripts/bootstrap python node -- scripts/test lint

types: ## mypy and tsc
	@exec scripts/bootstrap python node -- scripts/test types

fmt: ## mend style and formatting where a tool can
	@exec scripts/bootstrap python -- scripts/test fmt

generate: ## write the files that are generated from others
	@exec scripts/bootstrap python -- .venv/bin/python scripts/generate_protocol.py
	@.venv/bin/python scripts/generate_configuration.py
	@.venv/bin/python scripts/generate_metrics.py
	@.venv/bin/python -m scripts.generate_faults
	@.venv/bin/python -m scripts.dashboards

bench: ## every benchmark: figures against their targets, JSON in benchmarks/results
	@exec scripts/bootstrap python node livekit_server chromium redis socketio -- .venv/bin/python -m benchmarks

bench-%: ## one of them: bench-NAME runs benchmarks/NAME.py
	@exec scripts/bootstrap python -- .venv/bin/python -m benchmarks $*

bench-memory: ## how many bytes of Redis a person takes (ARGS="--people 5000")
	@exec scripts/bootstrap python redis -- .venv/bin/python -m benchmarks.memory $(ARGS)

bench-gateway:
	@exec scripts/bootstrap python socketio -- .venv/bin/python -m benchmarks gateway

bench-store: ## what a transition costs a client of Redis, beside the same commands by hiredis and redis-py (ARGS="--rounds 3")
	@exec scripts/bootstrap python redis -- .venv/bin/python -m benchmarks.store $(ARGS)

bench-match: ## from find to matched where a partner waits: serve on Redis, 10,000 people (ARGS="--people 2000 --seconds 30")
	@exec scripts/bootstrap python redis -- .venv/bin/python -m benchmarks.match $(ARGS)

bench-observing: ## what figures and logs cost a gateway, on against off and by samples (ARGS="--pairs 200")
	@exec scripts/bootstrap python redis -- .venv/bin/python -m benchmarks.observing $(ARGS)

bench-next: ## Next to the first picture, in real browsers, beside LiveKit's SDK alone (ARGS="--rtt-ms 100 --loss 0.02")
	@exec scripts/bootstrap python node livekit_server chromium -- .venv/bin/python -m benchmarks.next $(ARGS)

bench-livekit: ## what a match costs LiveKit, as configured by us and by default
	@exec scripts/bootstrap python node livekit_server chromium -- .venv/bin/python -m benchmarks.livekit $(ARGS)

soak: ## a thousand simulated towns (SEEDS=1-1000); replay one with `duologue sim --seeds N --trace`
	@exec scripts/bootstrap python -- .venv/bin/duologue sim --seeds $(or $(SEEDS),1-1000) $(ARGS)

storm: ## people of the Python client lose their gateway at once, and all have to be back (ARGS="--people 4000 --json FILE")
	@exec scripts/bootstrap python redis -- .venv/bin/python -m benchmarks.storm $(ARGS)

soak-next: ## Next again and again in real browsers, after which nothing may be left (NEXTS=1000, ARGS="--json FILE")
	@exec scripts/bootstrap python node livekit_server chromium -- .venv/bin/python -m benchmarks.soak_next --nexts $(or $(NEXTS),100) $(ARGS)

faults: ## every fault in every state, in real browsers: what people are told, and how long it takes (ARGS="-k signal")
	@exec scripts/bootstrap python page livekit_server chromium nft postgres redis -- .venv/bin/pytest -m "long or not long" tests/e2e/faults tests/e2e/test_serve.py::test_a_gateway_that_is_replaced_sends_its_people_elsewhere $(ARGS)

chaos: ## the whole system as processes, people, faults by seed, checks from outside: ten minutes (ARGS="--seed 2 --only redis-empty")
	@exec scripts/bootstrap python livekit_server postgres redis faketime -- .venv/bin/python -m chaos $(ARGS)

sim-planted: ## does the simulation find the bugs that were planted for it?
	@exec scripts/bootstrap python -- .venv/bin/duologue sim --planted all --seeds 1-300 $(ARGS)

page: ## build the page into web/dist
	@exec scripts/bootstrap page

screenshots: ## take the pictures of the documentation into docs/images
	@exec scripts/bootstrap python page livekit_server chromium -- .venv/bin/python scripts/screenshot.py

icons: ## draw the page's icons from web/public/favicon.svg
	@exec scripts/bootstrap python chromium -- .venv/bin/python scripts/icons.py

.PHONY: help run test check lint types fmt generate bench bench-gateway bench-memory bench-store bench-match bench-observing bench-next bench-livekit soak soak-next storm faults chaos sim-planted page screenshots icons
