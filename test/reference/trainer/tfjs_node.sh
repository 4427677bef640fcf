#!/bin/sh
# Builds the native backend of TensorFlow.js without TensorFlow.js's own downloads: the binding's source from the npm package, headers and
# libraries from PyPI's tensorflow-cpu. Needs g++, Node's headers, npm, pip. Writes .cache/tfjs-node (1.2 GB); the test
# test/unit/trainer/tensors/native.test.ts then runs on it.
set -eu
root=$(cd "$(dirname "$0")/../../.." && pwd)
work=$root/.cache/tfjs-node
package=$work/node_modules/@tensorflow/tfjs-node
headers=${NODE_HEADERS:-$(dirname "$(dirname "$(node -p 'fs.realpathSync(process.execPath)')")")/include/node}

mkdir -p "$work"
[ -d "$package" ] || npm install --prefix "$work" --ignore-scripts --no-audit --no-fund --no-save @tensorflow/tfjs-node@4.22.0
if [ ! -d "$work/tensorflow/include" ]; then
  python3 -m pip download --no-deps -q -d "$work" tensorflow-cpu==2.21.0
  python3 - "$work" <<'PYTHON'
import glob, sys, zipfile
wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/tensorflow_cpu-*.whl")[0])
wanted = ("tensorflow/include/", "tensorflow/libtensorflow_cc.so.2", "tensorflow/libtensorflow_framework.so.2")
wheel.extractall(sys.argv[1], [name for name in wheel.namelist() if name.startswith(wanted)])
PYTHON
  rm "$work"/tensorflow_cpu-*.whl
fi

mkdir -p "$package/lib/napi-v8"
g++ -std=c++17 -O2 -fPIC -shared -DNAPI_VERSION=8 -DNODE_GYP_MODULE_NAME=tfjs_binding -DBUILDING_NODE_EXTENSION \
  -I"$headers" -I"$package/binding" -I"$work/tensorflow/include" "$package"/binding/*.cc \
  -L"$work/tensorflow" -l:libtensorflow_cc.so.2 -l:libtensorflow_framework.so.2 -Wl,-rpath,"$work/tensorflow" \
  -o "$package/lib/napi-v8/tfjs_binding.node"
echo "$package"
