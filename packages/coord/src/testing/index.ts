export { type FaultProxy, startFaultProxy } from "./fault-proxy.ts";
export { startTestServer, type TestServer } from "./test-server.ts";
