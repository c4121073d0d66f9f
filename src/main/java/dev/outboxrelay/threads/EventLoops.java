// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.threads;

import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoEventLoop;
import io.netty.channel.IoEventLoopGroup;
import io.netty.channel.IoHandle;
import io.netty.channel.IoHandler;
import io.netty.channel.IoHandlerContext;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.IoRegistration;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.SingleThreadIoEventLoop;
import io.netty.channel.nio.NioIoHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Event loops that an Error does not end. Netty lets an Error in a loop's own work end the loop's
 * thread: all connections of the loop would stand still, with nobody to tell.
 */
public final class EventLoops {
  private static final Logger LOG = LoggerFactory.getLogger(EventLoops.class);

  /** So that a fault that comes up again and again does not take all of a processor. */
  private static final long PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  private EventLoops() {}

  /**
   * A group of daemon threads, one a loop.
   *
   * @param name of the threads; a number is added
   */
  public static EventLoopGroup group(int threads, String name) {
    return group(threads, name, NioIoHandler.newFactory());
  }

  static EventLoopGroup group(int threads, String name, IoHandlerFactory handlers) {
    return new MultiThreadIoEventLoopGroup(
        threads,
        new DefaultThreadFactory(name, true),
        executor -> new Enduring(handlers.newHandler(executor))) {
      @Override
      protected IoEventLoop newChild(
          Executor executor, IoHandlerFactory ioHandlerFactory, Object... args) {
        return new ClosingLoop(this, executor, ioHandlerFactory);
      }
    };
  }

  /**
   * A loop that leaves no connection open. One of Netty's ends at once when it is told to while it
   * runs its tasks: it has looked before whether it shall end, and closed nothing. A port that it
   * listened at would be taken as long as the process lives.
   */
  private static final class ClosingLoop extends SingleThreadIoEventLoop {
    ClosingLoop(IoEventLoopGroup parent, Executor executor, IoHandlerFactory handlers) {
      super(parent, executor, handlers);
    }

    @Override
    protected void run() {
      super.run();
      if (isShuttingDown()) {
        // Tasks that this leads to are still taken, and run.
        ioHandler().prepareToDestroy();
      }
    }
  }

  /** What waits for sockets; goes on after an Error with what is ready then. */
  private static final class Enduring implements IoHandler {
    private final IoHandler handler;

    Enduring(IoHandler handler) {
      this.handler = handler;
    }

    @Override
    public int run(IoHandlerContext context) {
      try {
        return handler.run(context);
      } catch (RuntimeException | Error e) {
        Errors.report(e);
        LOG.error("the thread that serves connections met an error, and goes on", e);
        LockSupport.parkNanos(PAUSE_NANOS);
        return 0;
      }
    }

    @Override
    public void initialize() {
      handler.initialize();
    }

    @Override
    public void prepareToDestroy() {
      handler.prepareToDestroy();
    }

    @Override
    public void destroy() {
      handler.destroy();
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
  }
}
