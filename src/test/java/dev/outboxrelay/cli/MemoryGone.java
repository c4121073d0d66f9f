// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.threads.EventLoops;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.Promise;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.LoggerFactory;

/** A program whose memory is gone on one kind of thread; then it would go on for ever. */
final class MemoryGone {
  private MemoryGone() {}

  /** Where it comes up; a constant's name is the program's argument. */
  enum Where {
    THREAD {
      @Override
      void run() {
        new Thread(MemoryGone::fill).start();
      }
    },
    /** Netty catches it and logs it. */
    EVENT_LOOP {
      @Override
      void run() {
        loops().next().execute(MemoryGone::fill);
      }
    },
    PROMISE {
      @Override
      void run() {
        Promise<Object> promise = loops().next().newPromise();
        promise.addListener(done -> fill());
        promise.setSuccess("");
      }
    },
    /** What a library catches and logs where nobody looks. */
    LOGGED_BY_A_LIBRARY {
      @Override
      void run() {
        OutOfMemoryError gone = new OutOfMemoryError("Java heap space");
        LoggerFactory.getLogger("com.zaxxer.hikari.pool.HikariPool")
            .debug("{} - cannot {}", "pool", "connect", new IllegalStateException(gone));
      }
    };

    abstract void run();

    private static EventLoopGroup loops() {
      return EventLoops.group(1, "loops");
    }
  }

  /** Until there is no more. What was kept goes with the stack, as it does in earnest. */
  private static void fill() {
    List<byte[]> kept = new ArrayList<>();
    while (true) {
      kept.add(new byte[1 << 16]);
    }
  }

  public static void main(String[] args) throws InterruptedException {
    StandardError.install();
    ProcessEnd.install();
    Where.valueOf(args[0]).run();
    TimeUnit.MINUTES.sleep(10);
  }
}
