import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    # Whole models in the order of their references: a fresh installation migrates in a third of the time.
    replaces = [('notify', '0001_initial'), ('notify', '0002_outbox')]

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to=settings.AUTH_USER_MODEL)),
                ('address', models.EmailField(blank=True, max_length=254)),
                ('language', models.CharField(blank=True, max_length=5)),
                ('kind', models.CharField(blank=True, max_length=40)),
                ('params', models.JSONField(default=dict)),
                ('path', models.CharField(blank=True, max_length=500)),
                ('message_id', models.CharField(max_length=150, unique=True)),
                ('created_at', models.DateTimeField()),
                ('collects', models.BooleanField(default=False)),
                ('outcome', models.CharField(blank=True, choices=[('', 'Waiting'), ('sent', 'Accepted by the mail server'), ('refused', 'Refused'), ('unneeded', 'No longer needed')], default='', max_length=10)),
                ('ended_at', models.DateTimeField(blank=True, help_text='handed over, refused or left out', null=True)),
                ('attempts', models.PositiveIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField()),
                ('waits_for_server', models.BooleanField(default=False)),
                ('last_error', models.CharField(blank=True, max_length=500)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('outcome', '')), fields=['next_attempt_at'], name='delivery_due'), models.Index(fields=['user', 'kind', '-id'], name='delivery_latest'), models.Index(condition=models.Q(('outcome', ''), _negated=True), fields=['ended_at'], name='delivery_ended')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('outcome', '')), models.Q(models.Q(('outcome', ''), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='delivery_ends_once'), models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('user__isnull', False)), models.Q(('user', None), models.Q(('address', ''), _negated=True)), _connector='OR'), name='delivery_has_one_reader'), models.UniqueConstraint(condition=models.Q(('collects', True), ('outcome', '')), fields=('user', 'kind'), name='delivery_one_collecting')],
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notice_preferences', to=settings.AUTH_USER_MODEL)),
                ('kind', models.CharField(max_length=40)),
                ('email', models.CharField(choices=[('now', 'At once'), ('daily', 'Once a day'), ('off', 'No e-mail')], max_length=5)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('user', 'kind'), name='preference_once'), models.CheckConstraint(condition=models.Q(('email__in', ['now', 'daily', 'off'])), name='preference_email_known')],
            },
        ),
        migrations.CreateModel(
            name='RefusedAddress',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='refused_address', to=settings.AUTH_USER_MODEL)),
                ('address', models.EmailField(max_length=254)),
                ('reason', models.CharField(max_length=500)),
                ('since', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Unwanted',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('address', models.EmailField(max_length=254, unique=True)),
                ('since', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notices', to=settings.AUTH_USER_MODEL)),
                ('event_id', models.BigIntegerField()),
                ('kind', models.CharField(max_length=40)),
                ('params', models.JSONField(default=dict)),
                ('path', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('delivery', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notices', to='notify.delivery')),
                ('handed_over_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['user', '-id'], name='notice_latest'), models.Index(condition=models.Q(('read_at', None)), fields=['user', '-id'], name='notice_unread')],
                'constraints': [models.UniqueConstraint(fields=('user', 'event_id', 'kind'), name='notice_once')],
            },
        ),
    ]
