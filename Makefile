# Works with GNU make 3.81, the version of macOS. It finds commands on the PATH exported here only if SHELL is set.
SHELL := /bin/bash
MAKEFLAGS += --no-builtin-rules
.DELETE_ON_ERROR:
.PHONY: help run demo demo-cloudhsm test terraform-test screenshots build package package-test lint fuzz bench bench-growth bench-soak bench-goodput bench-faults bench-never-down sbom clean env node system-packages test-packages aws-cli promtool actionlint chromium helm fuzzer

# toolchain/node.sh fills .node/, toolchain/aws-cli.sh .aws-cli/, toolchain/promtool.sh .promtool/,
# toolchain/actionlint.sh .actionlint/ and toolchain/helm.sh .helm/ if the machine lacks the program.
export PATH := $(CURDIR)/.node/bin:$(CURDIR)/.aws-cli/bin:$(CURDIR)/.promtool/bin:$(CURDIR)/.actionlint/bin:$(CURDIR)/.helm/bin:$(PATH)
# node-gyp compiles against the headers of that Node.js, so it downloads none.
export npm_package_config_node_gyp_nodedir := $(CURDIR)/.node

# Makes Node.js trust the system's certificates, without which npm cannot reach the registry in a network that inspects TLS.
system_ca := NODE_USE_SYSTEM_CA=1

# npm writes this file when an installation is complete.
packages := node_modules/.package-lock.json
# Missing after `npm ci --ignore-scripts`, which docs/install.md names.
addon := node_modules/pkcs11js/build/Release/pkcs11.node
aws_packages := deploy/aws/node_modules/.package-lock.json
# Includes folders, because their times change when a file is removed.
sources := $(shell find src)

help:
	@awk -F ' ## ' '/^[a-z-]+:.* ## / { sub(/:.*/, "", $$1); printf "make %-16s %s\n", $$1, $$2 }' Makefile

run: build ## starts the proxy over SoftHSM on https://localhost:8443 (other port: PORT=...), and sends a first request
	@exec node local/run.ts

demo: build aws-cli ## shows the life of an external key store with a local KMS, the proxy over SoftHSM, and the AWS CLI
	@exec node local/demo.ts

demo-cloudhsm: build aws-cli ## shows the life of an AWS CloudHSM key store with a local KMS, clusters over SoftHSM, the AWS CLI and CloudHSM CLI
	@exec node local/demoCloudHsm.ts

test: build lint test-packages aws-cli promtool actionlint chromium ## builds, lints and runs all tests
	@npm test --silent

build: dist/main.js config/xks-proxy.schema.json $(addon) ## bundles to dist/ and writes the configuration's JSON Schema

terraform-test: build aws-cli ## plans the examples of deploy/terraform, and applies its module key-store to the local KMS, in 5 minutes
	@TERRAFORM_APPLY=1 npx vitest run deploy/terraform/test

helm: ## installs Helm with Go in some minutes, so that `make test` renders and checks the Helm chart
	@toolchain/helm.sh

package: build ## makes a .tar.gz and a .deb with Node.js inside, in packages/
	@toolchain/packaging.sh
	@$(system_ca) deploy/package/make.sh packages
	@cat packages/SHA256SUMS

package-test: build ## installs, runs, upgrades and removes the Debian package on a minimal Debian, in 10 minutes; needs root
	@toolchain/packaging.sh debootstrap lintian
	@PACKAGE_TEST=$${PACKAGE_TEST:-1} npx vitest run test/integration/packageOnDebian.test.ts

screenshots: build chromium ## makes the screenshots in docs/images, in 10 minutes
	@SCREENSHOTS=1 npx vitest run test/integration/screenshots.test.ts

lint: $(packages) $(aws_packages) ## checks formatting, types and lint rules
	@echo 'Linting'
	@npm run --silent lint

fuzz: $(packages) fuzzer ## fuzzes each parser for FUZZ_SECONDS=10, or all of them for FUZZ_MINUTES (only one: FUZZ=...); see test/fuzz/README.md
	@exec node test/fuzz/fuzz.ts

bench: build ## measures throughput, CPU, memory and latency over HTTPS, in 5 minutes (options: BENCH=...)
	@exec node bench/compare.ts $(BENCH)

bench-growth: build ## measures the effect of more keys, key stores, policies, payload, connections and HSM delay, in 20 minutes
	@exec node bench/growth.ts

bench-soak: build ## loads the proxy to 70 % of its capacity and checks that memory does not grow, in 11 minutes
	@exec node bench/soak.ts

bench-goodput: build ## measures the share of an HSM's capacity that remains under overload, in 4 minutes
	@exec node bench/goodput.ts

bench-faults: build ## injects faults into HSMs under load and checks every answer, in 3 minutes
	@exec node bench/faults.ts

bench-never-down: build ## kills, rotates and replaces proxies under load and checks every answer, in 4 minutes
	@exec node bench/neverDown.ts

sbom: build ## writes the software bill of materials (CycloneDX) of a release to packages/
	@mkdir -p packages
	@file=packages/xks-proxy-$$(node -p 'require("./package.json").version').cdx.json; \
	  node deploy/release/sbom.ts >$$file || { rm $$file; exit 1; }

clean: ## removes everything that make has built or installed, and the data of local runs
	rm -rf dist coverage node_modules deploy/aws/node_modules deploy/aws/cdk.out .node .aws-cli .promtool .actionlint .helm .fuzz config/xks-proxy.schema.json packages */made test/fuzz/made

env: node ## prints the commands that put this Node.js on the PATH of a shell: eval "$(make -s env)"
	@echo 'export PATH="$(CURDIR)/.node/bin:$(CURDIR)/.aws-cli/bin:$(CURDIR)/.promtool/bin:$(CURDIR)/.actionlint/bin:$(CURDIR)/.helm/bin:$$PATH"'
	@echo 'export npm_package_config_node_gyp_nodedir="$(CURDIR)/.node"'

dist/main.js: $(sources) rolldown.config.ts package.json $(packages)
	@echo 'Building'
	@npm run --silent build

config/xks-proxy.schema.json: dist/main.js
	@mkdir -p config
	@node $< config schema > $@

$(packages): package-lock.json | node system-packages
	@echo 'Installing npm packages'
	@$(system_ca) npm ci --include=dev --no-audit --no-fund

$(addon): | $(packages)
	@test -e $@ || { echo 'Compiling pkcs11js' && npm rebuild pkcs11js; }

$(aws_packages): deploy/aws/package-lock.json | node
	@echo 'Installing npm packages of deploy/aws'
	@$(system_ca) npm ci --prefix deploy/aws --no-audit --no-fund

node:
	@toolchain/node.sh

system-packages:
	@toolchain/system-packages.sh

test-packages: | system-packages
	@toolchain/system-packages.sh tests

aws-cli: | system-packages
	@toolchain/aws-cli.sh

actionlint:
	@toolchain/actionlint.sh

promtool: | system-packages
	@toolchain/promtool.sh

fuzzer: $(packages) | node
	@toolchain/fuzz.sh

chromium: $(packages) | system-packages
	@toolchain/chromium.sh
