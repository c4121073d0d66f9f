// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.threads;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.testing.Await;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
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

  /** Told to end by one of its own tasks, it does not look at its connections again. */
  @Test
  void loop_ended_leavesNothingOpen() throws Exception {
    EventLoopGroup group = EventLoops.group(1, "loops-test");
    CountDownLatch accepted = new CountDownLatch(1);
    Channel server =
        new ServerBootstrap()
            .group(group)
            .channel(NioServerSocketChannel.class)
            .childHandler(
                new ChannelInboundHandlerAdapter() {
                  @Override
                  public void channelActive(ChannelHandlerContext context) {
                    accepted.countDown();
                  }
                })
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
            .sync()
            .channel();
    int port = ((InetSocketAddress) server.localAddress()).getPort();
    try (Socket client = new Socket(InetAddress.getLoopbackAddress(), port)) {
      assertTrue(accepted.await(20, TimeUnit.SECONDS));
      server.eventLoop().execute(() -> group.shutdownGracefully(0, 500, TimeUnit.MILLISECONDS));
      assertTrue(group.terminationFuture().await(20, TimeUnit.SECONDS));
      assertFalse(server.isOpen(), "it still listens");
      client.setSoTimeout(20_000);
      assertEquals(-1, client.getInputStream().read());
    }
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
