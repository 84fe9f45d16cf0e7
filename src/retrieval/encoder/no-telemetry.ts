// Keeps ONNX Runtime from reporting to its maker.

/**
 * ONNX Runtime 1.30 sends usage data (device id, processor, model file) unless this variable is set when its library is loaded. It
 * is read from the process, not from a thread's copy of the environment: call it in the main thread, before the worker starts.
 */
export function refuseTelemetry(): void {
  process.env.ORT_DISABLE_TELEMETRY = '1';
}
