# Works from any folder (make -f PATH/Makefile run): what is made there, stays there.
ROOT := $(dir $(abspath $(lastword $(MAKEFILE_LIST))))
SWIFT_PACKAGE := --package-path $(ROOT)
APT_PACKAGES := libsqlite3-dev zlib1g-dev libserd-dev pkg-config sqlite3
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# Optimised also for the tests: they ask a whole portal of a whole program, thousands of times. What `run` builds is
# what `test` builds on.
FLAGS := -Xswiftc -O -Xcc -O2

.PHONY: setup run test bench bench-growth lint deb tarball

## setup: install what Debian 12 with Swift still needs
setup:
	@dpkg-query -W -f '$${Status}\n' $(APT_PACKAGES) 2>/dev/null | grep -c '^install ok installed$$' \
	  | grep -qx $(words $(APT_PACKAGES)) \
	  || { $(SUDO) apt-get update && \
	       $(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $(APT_PACKAGES); }

## run: build, and harvest the sample portal into ./sample.db
run: setup
	swift build $(SWIFT_PACKAGE) $(FLAGS) --product donl-mirror
	$(ROOT).build/debug/donl-mirror harvest --sample

## test: all tests, and what was skipped
test: setup
	$(ROOT)Scripts/run-tests $(FLAGS)

## bench: what writing and reading 20,000 datasets costs, beside hand-written scripts
bench: APT_PACKAGES += python3-venv
bench: setup
	$(ROOT)bench/run.sh

## bench-growth: what a dataset costs among 20,000 and among 200,000
bench-growth: APT_PACKAGES += python3-venv
bench-growth: setup
	$(ROOT)bench/run.sh growth $(DATASETS)

## lint: the formatter has nothing to say
lint:
	cd $(ROOT) && swift format lint --strict -r Package.swift Sources Tests Fuzz

## deb: a Debian package with a static Swift runtime, in .build/packages
deb: APT_PACKAGES += debhelper dpkg-dev python3
deb: setup
	$(ROOT)Scripts/package deb

## tarball: the same tree for elsewhere
tarball: APT_PACKAGES += binutils python3
tarball: setup
	$(ROOT)Scripts/package tarball
