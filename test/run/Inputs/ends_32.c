// Ends at once, by the system calls of 32-bit x86.
void _start(void)
{
	__asm__ volatile("movl $1, %eax\n\txorl %ebx, %ebx\n\tint $0x80");
}
