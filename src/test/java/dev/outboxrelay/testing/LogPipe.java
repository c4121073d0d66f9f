// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Reads a process's log by a pipe into a file, and can stop reading, as a log shipper does. */
public final class LogPipe {
  private static final int CHUNK_BYTES = 8 * 1024;

  /** Less than a pipe holds by one chunk at most. */
  private static final int FULL_BYTES = 56 * 1024;

  private static final int LOOK_MILLIS = 100;

  private final Object monitor = new Object();
  private boolean stopped;
  private boolean full;

  /** Reads this stream to its end, on a thread of its own. */
  public void read(InputStream from, Path log) {
    Threads.daemons("log-pipe").newThread(() -> pump(from, log)).start();
  }

  /**
   * Nothing is read until {@link #readOn}; what does not fit into the pipe waits, or whoever
   * writes.
   */
  public void stopReading() {
    synchronized (monitor) {
      stopped = true;
      full = false;
    }
  }

  public void readOn() {
    synchronized (monitor) {
      stopped = false;
      monitor.notifyAll();
    }
  }

  /** Nothing more fits into the pipe, or has not since {@link #stopReading}. */
  public boolean isFull() {
    synchronized (monitor) {
      return full;
    }
  }

  private void pump(InputStream from, Path log) {
    byte[] chunk = new byte[CHUNK_BYTES];
    try (OutputStream to =
        Files.newOutputStream(log, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      awaitReading(from);
      for (int count = from.read(chunk); count >= 0; count = from.read(chunk)) {
        to.write(chunk, 0, count);
        awaitReading(from);
      }
    } catch (IOException e) {
      // The process has ended.
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitReading(InputStream from) throws IOException, InterruptedException {
    synchronized (monitor) {
      while (stopped) {
        full |= from.available() >= FULL_BYTES;
        monitor.wait(LOOK_MILLIS);
      }
    }
  }
}
