// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.util.concurrent.ThreadFactory;

/** Threads that do not keep the process alive. */
public final class Threads {

  private Threads() {}

  public static ThreadFactory daemons(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
