/**
 * Users and passwords in the `Server` section of a JAAS file, as ZooKeeper's DIGEST-MD5 has them: `user_NAME="password"`.
 * Empty when there is no such section.
 */
export function parseJaasUsers(text: string): Readonly<Record<string, string>> {
  const section = /(?:^|[};\s])Server\s*\{([^}]*)\}/.exec(text)?.[1] ?? "";
  const users: Record<string, string> = {};
  for (const [, name = "", password = ""] of section.matchAll(/\buser_([^\s=]+)\s*=\s*"([^"]*)"/g))
    users[name] = password;
  return users;
}
