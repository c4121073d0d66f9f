// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.threads;

import org.jspecify.annotations.Nullable;

/**
 * What was caught, looked at for what must not stay where it was caught. Whoever catches more than
 * he expects asks here first.
 */
public final class Errors {
  /** A chain of causes may have a ring in it. */
  private static final int MAX_CAUSES = 20;

  private Errors() {}

  /**
   * Tells the thread's handler of uncaught exceptions when memory is gone: what happens then is for
   * the program to say, not for a library. The program's handler ends the process and does not
   * return.
   *
   * @param problem what was caught; memory may be gone in one of its causes
   */
  public static void report(Throwable problem) {
    OutOfMemoryError gone = find(problem, OutOfMemoryError.class);
    if (gone != null) {
      Thread thread = Thread.currentThread();
      thread.getUncaughtExceptionHandler().uncaughtException(thread, gone);
    }
  }

  /** A thread has ended that must not: as if it had died of an exception that nobody caught. */
  public static void threadEnded(String what) {
    Thread thread = Thread.currentThread();
    thread
        .getUncaughtExceptionHandler()
        .uncaughtException(
            thread, new IllegalStateException(what + " has ended, which is a defect"));
  }

  /** Whether an Error is behind it: then it is no answer of the outside world. */
  public static boolean isBehind(Throwable problem) {
    return find(problem, Error.class) != null;
  }

  /** What a person is told of a fault of the relay's own. */
  public static String words(Throwable problem) {
    return "a fault of the relay's own: " + problem;
  }

  private static <T extends Throwable> @Nullable T find(Throwable problem, Class<T> type) {
    Throwable cause = problem;
    for (int depth = 0; cause != null && depth < MAX_CAUSES; depth++) {
      if (type.isInstance(cause)) {
        return type.cast(cause);
      }
      cause = cause.getCause();
    }
    return null;
  }
}
