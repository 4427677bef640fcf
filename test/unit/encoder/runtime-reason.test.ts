import { expect, test } from 'vitest';
import { runtimeReason } from '../../../src/encoder/runtime-reason';

test.each([
  [
    "Non-zero status code returned while running Reshape node. Name:'features' Status Message: /onnxruntime_src/onnxruntime/core/providers/cpu/tensor/reshape_helper.h:91 onnxruntime::ReshapeHelper::ReshapeHelper(const onnxruntime::TensorShape&, onnxruntime::TensorShapeVector&, bool) input_shape_size == requested_shape_size was false. The input tensor cannot be reshaped to the requested shape. Input shape:{1,8,6}, requested shape:{1,6}",
    'Reshape features: The input tensor cannot be reshaped to the requested shape. Input shape:{1,8,6}, requested shape:{1,6}',
  ],
  [
    'Load model from /home/me/x/model.onnx failed:This is an invalid model. Error: two nodes with same node name (a).',
    'two nodes with same node name (a)',
  ],
  [
    '/onnxruntime_src/onnxruntime/core/session/provider_bridge_ort.cc:1988 onnxruntime::Provider& onnxruntime::ProviderLibrary::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library libonnxruntime_providers_shared.so',
    'Failed to load library libonnxruntime_providers_shared.so',
  ],
  ['OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library', 'Failed to load shared library'],
  ['C:\\a\\onnxruntime\\core\\x.cpp:12 onnxruntime::f(int) y was false. No memory', 'No memory'],
  ['Failed to get a WebGPU adapter: No supported adapters.', 'Failed to get a WebGPU adapter: No supported adapters'],
  [
    "Non-zero status code returned while running Loop node. Name:'' Status Message: loop.cc:466 Initialize Loop subgraph input 0 has unknown shape: turn",
    'Loop : Loop subgraph input 0 has unknown shape: turn',
  ],
  ['', ''],
])('%s', (message, expected) => expect(runtimeReason(new Error(message))).toBe(expected));
