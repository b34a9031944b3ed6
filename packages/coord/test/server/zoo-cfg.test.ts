import { describe, expect, test } from "vitest";
import { parseZooCfg } from "../../src/server/zoo-cfg.ts";

const minimal = "dataDir=/d\nclientPort=2181\n";

describe("a zoo.cfg", () => {
  test("of ZooKeeper's own sample is understood whole", () => {
    const config = parseZooCfg(
      [
        "# The number of milliseconds of each tick",
        "tickTime=2000",
        "initLimit=10",
        "syncLimit=5",
        "dataDir=/var/lib/zookeeper",
        "clientPort=2181",
        "maxClientCnxns=60",
        "autopurge.snapRetainCount=3",
        "autopurge.purgeInterval=1",
        "server.1=zoo1:2888:3888",
        "server.2=[2001:db8::1]:2888:3888:participant;2182",
        "server.3=zoo3:2888:3888:observer;0.0.0.0:2183",
      ].join("\n"),
    );
    expect(config.ignored).toEqual([]);
    expect(config.options).toMatchObject({
      tickTimeMs: 2000,
      port: 2181,
      host: "0.0.0.0",
      connectionsPerAddressMax: 60,
    });
    const ports = { port: 2888, electionPort: 3888 };
    const none = { clientHost: undefined, clientPort: undefined };
    expect([...config.servers.values()]).toEqual([
      { id: 1, host: "zoo1", ...ports, isObserver: false, ...none },
      { id: 2, host: "2001:db8::1", ...ports, isObserver: false, clientHost: undefined, clientPort: 2182 },
      { id: 3, host: "zoo3", ...ports, isObserver: true, clientHost: "0.0.0.0", clientPort: 2183 },
    ]);
  });

  test("takes ZooKeeper's system properties over its own lines", () => {
    const config = parseZooCfg(`${minimal}snapCount=5\n`, {
      "zookeeper.snapCount": "7",
      "jute.maxbuffer": "1000",
      "zookeeper.extendedTypesEnabled": "true",
    });
    expect(config.options).toMatchObject({ snapshotTxns: 7, frameBytesMax: 1000, extendedTypesEnabled: true });
  });

  test("names the settings that change nothing, and goes on", () => {
    expect(parseZooCfg(`${minimal}authProvider.1=x\nfoo=bar\n`).ignored).toEqual(["authProvider.1", "foo"]);
  });

  for (const line of [
    "forceSync=no",
    "localSessionsEnabled=true",
    "group.1=1:2",
    "weight.1=3",
    "quorum.auth.enableSasl=true",
    "sslQuorum=true",
    "secureClientPort=2182",
  ]) {
    test(`is refused with ${line}, which would change what the server promises`, () => {
      expect(() => parseZooCfg(`${minimal}${line}\n`)).toThrow(line.split("=")[0]);
    });
  }

  test("is refused with everything that is wrong at once", () => {
    const broken = (): unknown => parseZooCfg("server.1=nowhere\nforceSync=no\n");
    expect(broken).toThrow(/server\.1=nowhere.*forceSync.*dataDir is missing/);
  });
});
