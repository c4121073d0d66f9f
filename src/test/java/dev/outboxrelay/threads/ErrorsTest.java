// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ErrorsTest {

  private static List<Throwable> reported(Throwable problem) throws InterruptedException {
    List<Throwable> reported = new ArrayList<>();
    Thread thread = new Thread(() -> Errors.report(problem));
    thread.setUncaughtExceptionHandler((t, e) -> reported.add(e));
    thread.start();
    thread.join();
    return reported;
  }

  @Test
  void memoryGone_howeverDeepItStands_isForTheThreadsHandler() throws Exception {
    OutOfMemoryError gone = new OutOfMemoryError("Java heap space");
    assertEquals(List.of(gone), reported(gone));
    assertEquals(List.of(gone), reported(new SQLException("read", "53200", gone)));
    assertEquals(
        List.of(gone),
        reported(new SQLException("no connection", new IllegalStateException(gone))));
  }

  @Test
  void anythingElse_isNot() throws Exception {
    assertEquals(List.of(), reported(new StackOverflowError()));
    assertEquals(List.of(), reported(new SQLException("out of memory", "53200")));
    IllegalStateException ring = new IllegalStateException();
    ring.initCause(new IllegalStateException(ring));
    assertEquals(List.of(), reported(ring));
  }

  @Test
  void error_behindAnAnswerOfTheDatabase_isFound() {
    assertTrue(Errors.isBehind(new SQLException("login", new NoClassDefFoundError("x"))));
    assertFalse(Errors.isBehind(new SQLException("login", "08001")));
  }
}
