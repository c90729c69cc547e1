import { describe, expect, it } from 'vitest';
import { Attendance } from '../../../src/recorder/clock/attendance.ts';
import { Pulse } from '../../../src/recorder/clock/pulse.ts';

describe('Pulse', () => {
  it('dates data read now to after the last beat', () => {
    const pulse = new Pulse();
    for (let atMs = 1_000; atMs <= 2_000; atMs += 20) pulse.beat(atMs);
    expect([pulse.beatAtMs, pulse.cameAtMs]).toEqual([2_000, 2_000]);
  });

  it('dates data read after a stall to since the stall’s beginning', () => {
    const pulse = new Pulse();
    pulse.beat(1_000);
    pulse.beat(1_020);
    pulse.beat(3_000);
    expect(pulse.cameAtMs).toBe(1_020);
    for (const atMs of [3_020, 3_040, 3_060]) pulse.beat(atMs);
    expect(pulse.cameAtMs).toBe(1_020);
    pulse.beat(3_080);
    expect(pulse.cameAtMs).toBe(3_080);
  });

  it('goes no farther back than its last beats under constant stalls', () => {
    const pulse = new Pulse();
    for (let atMs = 0; atMs <= 60_000; atMs += 100) pulse.beat(atMs);
    expect(pulse.cameAtMs).toBe(59_600);
  });

  it('dates only data read right after a stall to since its beginning', () => {
    const pulse = new Pulse();
    for (let atMs = 0; atMs <= 1_000; atMs += 20) pulse.beat(atMs);
    expect(pulse.cameAfterMs(1_030)).toBe(1_030);
    // Sockets are read before a timer runs.
    expect(pulse.cameAfterMs(3_000)).toBe(1_000);
    pulse.beat(3_010);
    expect(pulse.cameAfterMs(3_015)).toBe(1_000);
  });

  it('is read by another thread', () => {
    const pulse = new Pulse();
    const other = new Pulse(pulse.memory);
    pulse.beat(77);
    expect([other.beatAtMs, other.cameAtMs]).toEqual([77, 77]);
  });
});

describe('Attendance', () => {
  it('is lost when the main thread is silent, and restored by its next beat', () => {
    const pulse = new Pulse();
    pulse.beat(0);
    const attendance = new Attendance(pulse, 500, 0);
    const seen = [100, 200, 300, 400].map((nowMs) => attendance.isAttended(nowMs));
    expect(seen).toEqual([true, true, true, true]);
    expect(attendance.isAttended(500)).toBe(false);
    expect(attendance.isAttended(900)).toBe(false);
    pulse.beat(950);
    expect(attendance.isAttended(1_000)).toBe(true);
  });

  it('is not lost by a short stall of the whole process', () => {
    const pulse = new Pulse();
    pulse.beat(0);
    const attendance = new Attendance(pulse, 500, 0);
    expect(attendance.isAttended(450)).toBe(true);
  });

  it('is lost by a stall that may have changed the process in command, until the next beat', () => {
    const pulse = new Pulse();
    pulse.beat(0);
    const attendance = new Attendance(pulse, 500, 0);
    expect(attendance.isAttended(60_000)).toBe(false);
    pulse.beat(60_010);
    expect(attendance.isAttended(60_020)).toBe(true);
  });

  it('is lost by a stall after a beat that had not been read', () => {
    const pulse = new Pulse();
    pulse.beat(0);
    const attendance = new Attendance(pulse, 500, 0);
    expect(attendance.isAttended(10)).toBe(true);
    pulse.beat(20);
    expect(attendance.isAttended(6_020)).toBe(false);
  });

  it('is never lost when the main thread may be silent', () => {
    const pulse = new Pulse();
    pulse.beat(0);
    const attendance = new Attendance(pulse, 0, 0);
    for (let nowMs = 0; nowMs < 100_000; nowMs += 100) {
      expect(attendance.isAttended(nowMs)).toBe(true);
    }
  });
});
