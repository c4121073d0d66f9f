// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.threads;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoHandler;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class EventLoopsTest {
  private static final int TIMES = 3;

  private final AtomicInteger left = new AtomicInteger(TIMES);

  /** Throws a few times where it would wait for sockets. */
  private IoHandler faulty(IoHandler handler) {
    return new IoHandler() {
      @Override
      public int run(IoHandlerContext context) {
        if (left.getAndDecrement() > 0) {
          throw new NoClassDefFoundError("ours");
        }
        return handler.run(context);
      }

      @Override
      public void initialize() {
        handler.initialize();
      }

      @Override
      public void destroy() {
        handler.destroy();
      }

      @Override
      public void prepareToDestroy() {
        handler.prepareToDestroy();
      }

      @Override
      public IoRegistration register(IoHandle handle) throws Exception {
        return handler.register(handle);
      }

      @Override
      public void wakeup() {
        handler.wakeup();
      }

      @Override
      public boolean isCompatible(Class<? extends IoHandle> handleType) {
        return handler.isCompatible(handleType);
      }
    };
  }

  @Test
  void loop_errorWhereItWaits_goesOn() throws Exception {
    IoHandlerFactory nio = NioIoHandler.newFactory();
    EventLoopGroup group =
        EventLoops.group(1, "loops-test", executor -> faulty(nio.newHandler(executor)));
    try {
      CountDownLatch ran = new CountDownLatch(TIMES + 1);
      group.next().scheduleWithFixedDelay(ran::countDown, 0, 1, TimeUnit.MILLISECONDS);
      assertTrue(ran.await(20, TimeUnit.SECONDS), "the loop has ended");
      Await.until("thrown each time", () -> left.get() <= 0);
      assertFalse(group.next().isTerminated());
    } finally {
      group.shutdownGracefully(0, 1, TimeUnit.SECONDS).sync();
    }
  }
}
