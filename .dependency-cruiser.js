// Which import may point where: between packages, between the rings of a package, and in circles never.
const edges = "^packages/([^/]+)/src/(node|server|client|testing|executor|engine|cluster|cli|files|sinks|sources)/";

export default {
  forbidden: [
    {
      name: "no-circle",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "consensus-is-the-bottom",
      severity: "error",
      from: { path: "^packages/consensus/src" },
      to: { path: "^packages/(coord|runtime|dataset)/" },
    },
    {
      name: "coord-sees-only-consensus",
      severity: "error",
      from: { path: "^packages/coord/src" },
      to: { path: "^packages/(runtime|dataset)/" },
    },
    {
      name: "runtime-stands-alone",
      severity: "error",
      from: { path: "^packages/runtime/src", pathNot: "^packages/runtime/src/cluster/" },
      to: { path: "^packages/((consensus|coord|dataset)/|runtime/src/cluster/)" },
    },
    {
      name: "cluster-sees-coord-and-nothing-else",
      severity: "error",
      from: { path: "^packages/runtime/src/cluster/" },
      to: { path: "^packages/(consensus|dataset)/" },
    },
    {
      name: "dataset-sees-only-runtime",
      severity: "error",
      from: { path: "^packages/dataset/src" },
      to: { path: "^packages/(consensus|coord|runtime/src/cluster)/" },
    },
    {
      name: "files-are-touched-in-one-place",
      comment: "so that another place for files is one more implementation of FileAccess",
      severity: "error",
      from: { path: "^packages/dataset/src", pathNot: "^packages/dataset/src/files/" },
      to: { path: "^(node:)?fs(/promises)?$" },
    },
    {
      name: "enter-by-the-front-door",
      severity: "error",
      from: { path: "^packages/([^/]+)/src" },
      to: {
        path: "^packages/",
        pathNot: [
          "^packages/$1/",
          "^packages/[^/]+/src/index\\.ts$",
          "^packages/[^/]+/src/(server|recipes|testing|sim|check|cluster)/index\\.ts$",
        ],
      },
    },
    {
      name: "shared-code-knows-nobody",
      severity: "error",
      from: { path: "^packages/stdx/src" },
      to: { path: ["^packages/(?!stdx/)", "node_modules"] },
    },
    {
      name: "links-know-nobody",
      severity: "error",
      from: { path: "^packages/link/src" },
      to: { path: "^packages/(?!link/|stdx/)" },
    },
    {
      name: "tests-only",
      severity: "error",
      from: { path: "^packages/(?!testkit/)[^/]+/src" },
      to: { path: "^packages/testkit/" },
    },
    {
      name: "pure-folders-import-nothing-from-outside",
      comment: "core, plan, rules, protocol and pipeline see stdx, themselves, and types of ports and of errors",
      severity: "error",
      from: { path: "^packages/[^/]+/src/(core|plan|rules|protocol|pipeline)/" },
      to: { dependencyTypes: ["core", "npm", "npm-dev", "npm-optional", "npm-peer"], pathNot: "^packages/stdx/" },
    },
    {
      name: "pure-folders-never-see-an-edge",
      severity: "error",
      from: { path: "^packages/[^/]+/src/(core|plan|rules|protocol|pipeline)/" },
      to: { path: edges },
    },
    {
      name: "no-undeclared-dependency",
      severity: "error",
      from: { path: "^packages/[^/]+/src", pathNot: "^packages/[^/]+/src/.*\\.d\\.ts$" },
      to: {
        dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"],
        dependencyTypesNot: ["npm-peer"],
        // Bundled into the packages that use them.
        pathNot: "^packages/(stdx|link)/",
      },
    },
    { name: "no-unresolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: "node_modules|/dist/" },
    tsPreCompilationDeps: true,
    combinedDependencies: true,
    tsConfig: { fileName: "tsconfig.json" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@tutti/source", "types", "import", "node", "default"],
      extensions: [".ts", ".js"],
    },
  },
};
