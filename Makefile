# Everything sets itself up from Python >= 3.11 and make: a virtual environment in .venv, pinned by hash.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The system's own interpreter first: distributions build it with profile-guided optimisation, which those that a version
# manager compiled often lack, and our code takes much longer on such a one.
PYTHON ?= $(shell for p in /usr/bin/python3 python3 python3.13 python3.12 python3.11 python; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys, ensurepip, venv, sqlite3, ssl; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
DATABASE ?=
PYTEST_ARGS ?=
export PYTHONPATH := $(CURDIR)
# A demonstration starts a dozen processes and the suite hundreds: let none compile again what another has compiled.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check bench soak serve format lock clean

help: ## 列出所有命令 / list the commands
	@awk 'BEGIN {FS = ":.*## "} /^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(BIN)/tongban ## 演示：八个故事，全程不交纸质材料 / the sample stories; ONCE=1 to leave afterwards, STORY=… for one
	@$(BIN)/tongban demo $(if $(ONCE),--once) $(if $(STORY),--story $(STORY)) $(if $(DATABASE),--database $(DATABASE)) $(if $(PORT_BASE),--port-base $(PORT_BASE))

serve: $(BIN)/tongban ## 启动两个服务（开发用，数据在 data/）/ both services for development, data in data/
	@[ -f data/tongban.toml ] || $(BIN)/tongban init --data data
	@$(BIN)/tongban serve all --config data/tongban.toml

test: $(VENV)/.development $(BIN)/tongban ## 全部测试，含真实 PostgreSQL 与真实浏览器 / the whole suite, real PostgreSQL and browser
	@$(BIN)/python tests/prepare.py
	@TONGBAN_TEST_DATABASE=$(or $(DATABASE),sqlite) $(BIN)/python -m tests.run $(PYTEST_ARGS)

check: $(VENV)/.development ## 格式、类型、依赖规则、死代码 / format, lint, types, import rules, dead code
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@! { $(BIN)/vulture || true; } | grep -v '^tests/'  # tests count as users; what tests leave unused is theirs
	@$(BIN)/deptry .
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker/compose.yaml

bench: $(VENV)/.development ## 性能对比，结果写入 tests/benchmarks/results / benchmarks against a named peer
	@$(BIN)/python tests/prepare.py --benchmarks
	@$(BIN)/python -m tests.benchmarks $(BENCH_ARGS)

soak: $(VENV)/.development ## 性质、模糊与竞态测试的长跑，报告写入 docs/soak.md / the long forms of property, fuzz and race tests
	@$(BIN)/python tests/prepare.py
	@$(BIN)/python -m tests.soak $(PYTEST_ARGS)

format: $(VENV)/.development ## 整理代码格式 / format the code
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lock: $(VENV)/.development ## 重新解析并锁定依赖 / resolve the dependencies again
	@$(BIN)/python requirements/lock.py

clean: ## 删除环境与生成物 / remove the environment and what was generated
	rm -rf $(VENV) .build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(VENV)/.created:
	@[ -n "$(PYTHON)" ] || { echo "需要 Python 3.11 或更新版本，含 venv 模块（Debian/Ubuntu：apt-get install python3-venv）/ Python 3.11 or newer with its venv module is needed."; exit 2; }
	@echo "建立虚拟环境 / making a virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.created requirements/runtime.txt
	@echo "安装运行依赖 / installing what it needs to run …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/runtime.txt
	@touch $@

# The command as the guides write it, without network: it runs this checkout. A package brings the same by its metadata.
$(BIN)/tongban: $(VENV)/.runtime Makefile
	@printf '%s\n' '#!/bin/sh' 'here=$$(dirname "$$(readlink -f "$$0")")' \
	  'PYTHONPATH="$(CURDIR)$${PYTHONPATH:+:$$PYTHONPATH}" exec "$$here/python" -m tongban "$$@"' > $@
	@chmod 755 $@

$(VENV)/.development: $(VENV)/.created requirements/development.txt
	@echo "安装开发依赖 / installing what tests and checks need …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/development.txt
	@touch $@ $(VENV)/.runtime
