// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import dev.outboxrelay.threads.Errors;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * The end that the process takes by itself when it cannot go on: memory is gone, or a thread has
 * died. It goes without Java's flags, whoever starts the program, and with exit codes of the
 * program's own. Java reports neither to the outside: a process whose memory is gone lives on, with
 * whatever threads it has left.
 *
 * <p>What is needed to say that memory is gone is made at the start.
 */
final class ProcessEnd {
  private static final byte[] OUT_OF_MEMORY =
      ("outbox-relay: memory is gone; the process ends with exit code "
              + ExitCode.OUT_OF_MEMORY
              + " and can be started again. Give it a larger heap (-Xmx), or a smaller"
              + " --memory-budget\n")
          .getBytes(StandardCharsets.US_ASCII);

  /** Nobody may read standard error. */
  private static final long SAYING_NANOS = TimeUnit.SECONDS.toNanos(1);

  private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(5);

  private static final Thread SPEAKER = new Thread(ProcessEnd::speak, "last-words");

  private static volatile boolean memoryGone;
  private static volatile boolean said;
  private static volatile boolean threadsMustLive;

  private ProcessEnd() {}

  /** Installs it for every thread of the process, and for what libraries catch and only log. */
  static void install() {
    SPEAKER.setDaemon(true);
    SPEAKER.start();
    Thread.setDefaultUncaughtExceptionHandler(ProcessEnd::uncaught);
    if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
      context.addTurboFilter(new Caught());
    }
  }

  /** From now on no thread may die alone: what nobody catches ends the process. */
  static void threadsMustLive() {
    threadsMustLive = true;
  }

  private static void uncaught(Thread thread, Throwable problem) {
    if (problem instanceof OutOfMemoryError) {
      outOfMemory();
    }
    LoggerFactory.getLogger(ProcessEnd.class)
        .error("thread {} has ended by an error, which is a bug", thread.getName(), problem);
    if (threadsMustLive) {
      StandardError.settle();
      Runtime.getRuntime().halt(ExitCode.INTERNAL);
    }
  }

  /** Allocates nothing, and does not return. */
  private static void outOfMemory() {
    memoryGone = true;
    LockSupport.unpark(SPEAKER);
    long began = System.nanoTime();
    while (!said && System.nanoTime() - began < SAYING_NANOS) {
      LockSupport.parkNanos(LOOK_NANOS);
    }
    Runtime.getRuntime().halt(ExitCode.OUT_OF_MEMORY);
  }

  /** On a thread of its own, since the write may wait for ever. */
  private static void speak() {
    FileOutputStream out = new FileOutputStream(FileDescriptor.err);
    while (!memoryGone) {
      LockSupport.park();
    }
    try {
      out.write(OUT_OF_MEMORY);
    } catch (IOException e) {
      // Nobody is there to be told.
    } finally {
      said = true;
    }
  }

  /** Sees what is logged, by libraries too, and at whatever level: they catch all and go on. */
  private static final class Caught extends TurboFilter {
    @Override
    public FilterReply decide(
        @Nullable Marker marker,
        Logger logger,
        Level level,
        @Nullable String format,
        Object @Nullable [] parameters,
        @Nullable Throwable problem) {
      if (problem != null) {
        Errors.report(problem);
      } else if (parameters != null
          && parameters.length > 0
          && parameters[parameters.length - 1] instanceof Throwable last) {
        Errors.report(last);
      }
      return FilterReply.NEUTRAL;
    }
  }
}
