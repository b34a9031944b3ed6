import org.apache.curator.framework.CuratorFramework;
import org.apache.curator.framework.CuratorFrameworkFactory;
import org.apache.curator.framework.recipes.locks.InterProcessMutex;
import org.apache.curator.retry.ExponentialBackoffRetry;

/** Adds to a counter under a lock: HOSTS LOCK COUNTER ROUNDS. Reads and then writes, so that two holders lose a count. */
public class CuratorContender {
  public static void main(String[] given) throws Exception {
    CuratorFramework client = CuratorFrameworkFactory.newClient(given[0], new ExponentialBackoffRetry(50, 10));
    client.start();
    InterProcessMutex mutex = new InterProcessMutex(client, given[1]);
    for (int round = Integer.parseInt(given[3]); round > 0; round -= 1) {
      mutex.acquire();
      try {
        int value = Integer.parseInt(new String(client.getData().forPath(given[2])));
        client.setData().forPath(given[2], Integer.toString(value + 1).getBytes());
      } finally {
        mutex.release();
      }
    }
    client.close();
  }
}
