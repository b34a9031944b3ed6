import { defineConfig } from "vitepress";

/** In the order of the page that lists them. */
const recipes = [
  ["Locks", "lock"],
  ["Semaphore", "semaphore"],
  ["Election", "election"],
  ["Counter", "counter"],
  ["Barriers", "barrier"],
  ["Queue", "queue"],
  ["Delay queue", "delay-queue"],
  ["Group membership", "group"],
  ["Caches", "cache"],
  ["Persistent ephemeral node", "persistent-node"],
  ["Service discovery", "discovery"],
  ["Partition assignment", "partitions"],
  ["Shared value", "shared-value"],
  ["Settings", "settings"],
] as const;

export default defineConfig({
  title: "Tutti",
  description: "TypeScript programs that act as one",
  srcExclude: ["**/node_modules/**"],
  themeConfig: {
    search: { provider: "local" },
    nav: [
      { text: "Start", link: "/guide/start" },
      { text: "Guarantees", link: "/guide/guarantees" },
      { text: "API", link: "/api/" },
    ],
    sidebar: {
      "/guide/": [
        { text: "Start", items: [{ text: "Five minutes for each", link: "/guide/start" }] },
        {
          text: "Data",
          items: [
            { text: "RDDs", link: "/guide/rdd" },
            { text: "DataFrames and SQL", link: "/guide/dataframe" },
            { text: "Clusters", link: "/guide/cluster" },
          ],
        },
        {
          text: "Servers",
          items: [
            { text: "From embedded to an ensemble", link: "/guide/ensemble" },
            { text: "Operating", link: "/guide/operating" },
            {
              text: "Recipes",
              link: "/guide/recipes/",
              collapsed: true,
              items: recipes.map(([text, page]) => ({ text, link: `/guide/recipes/${page}` })),
            },
            { text: "Security", link: "/guide/security" },
          ],
        },
        {
          text: "Coming from",
          items: [
            { text: "ZooKeeper, Curator, kazoo", link: "/guide/from-zookeeper" },
            { text: "Spark, PySpark", link: "/guide/from-spark" },
            { text: "node-zookeeper-client", link: "/guide/from-node-zookeeper-client" },
          ],
        },
        {
          text: "To rely on",
          items: [
            { text: "Guarantees", link: "/guide/guarantees" },
            { text: "Often told wrong", link: "/guide/misconceptions" },
            { text: "Measured", link: "/guide/measured" },
          ],
        },
      ],
    },
  },
});
