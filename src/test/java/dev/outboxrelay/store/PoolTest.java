// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class PoolTest {
  private static final long SECONDS = 30;

  @Test
  void session_beingOpenedWhenThePoolIsClosed_isClosedToo() throws Exception {
    try (TestDatabase db = TestDatabase.createEmpty()) {
      CountDownLatch opening = new CountDownLatch(1);
      CountDownLatch mayOpen = new CountDownLatch(1);
      CompletableFuture<Connection> late = new CompletableFuture<>();
      DatabaseSettings settings =
          new DatabaseSettings(
              db.url(), db.user(), db.password(), 2, Duration.ofSeconds(5), Duration.ofSeconds(10));
      Pool pool =
          new Pool(
              settings,
              db.connect(),
              () -> {
                opening.countDown();
                await(mayOpen);
                Connection connection = db.connect();
                late.complete(connection);
                return connection;
              });
      Thread wanting = new Thread(() -> wantTwo(pool));
      wanting.start();
      assertTrue(opening.await(SECONDS, TimeUnit.SECONDS));
      pool.close();
      mayOpen.countDown();
      Connection connection = late.get(SECONDS, TimeUnit.SECONDS);
      Await.until("closed", Duration.ofSeconds(10), connection::isClosed);
      wanting.join();
    }
  }

  private static void wantTwo(Pool pool) {
    try (Connection one = pool.getConnection();
        Connection two = pool.getConnection()) {
      throw new AssertionError(one + " and " + two + " of a closed pool");
    } catch (SQLException e) {
      return; // it is closed
    }
  }

  /** A login does not heed an interrupt. */
  private static void await(CountDownLatch latch) {
    while (true) {
      try {
        latch.await();
        return;
      } catch (InterruptedException e) {
        continue;
      }
    }
  }
}
